import type { OutboundIssue } from "./issues.ts";
import type { OutboundMessage } from "./message.ts";
import type { TemplateDefinition } from "../template/definition.ts";
import { matching } from "./fields.ts";

/** A business-scoped user id: `CC.` and letters and digits, `CC.ENT.…` for a parent one. */
export const userIdSchema = matching(
  /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/,
  "a business-scoped user id",
  '"US.13491208655302741918"',
);

export const groupIdSchema = matching(
  /^[A-Za-z0-9_=:@.-]{1,256}$/,
  "the id of a group from Meta",
  '"Y2FwaV9ncm91cDox…"',
);

export type RecipientKind = "phone" | "user_id" | "group";

/**
 * Why a message of this kind cannot go to a recipient of this kind. A template that carries a code is told by its
 * definition: Meta sends it to phones alone (131062).
 */
export function checkRecipient(
  message: OutboundMessage,
  to: RecipientKind,
  definition?: TemplateDefinition,
): OutboundIssue[] {
  if (to !== "phone" && definition?.category?.toUpperCase() === "AUTHENTICATION") {
    const problem = "is an authentication template, which goes to phone numbers alone";
    return [{ field: "template.name", problem, fix: "send it to a phone, with to" }];
  }
  if (to !== "group") {
    if (message.type !== "pin") return [];
    const fix = 'send it to a group, with recipient_type: "group"';
    return [{ field: "type", problem: "messages are pinned in groups alone", fix }];
  }
  // Meta: groups take no interactive, authentication or commerce messages.
  if (message.type === "interactive") {
    const fix = "send a text or a template";
    return [{ field: "type", problem: "groups take no interactive messages", fix }];
  }
  if ("category" in message && message.category !== undefined) {
    return [{ field: "category", problem: "groups take no Direct Send", fix: "remove it" }];
  }
  if ("product_policy" in message && message.product_policy !== undefined) {
    const problem = "groups take nothing from the Marketing Messages API";
    return [{ field: "product_policy", problem, fix: "remove it" }];
  }
  return [];
}
