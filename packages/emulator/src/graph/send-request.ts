import { phoneDigits } from "../phone.ts";
import { checkContent, readBody } from "./check/content.ts";
import { type Part, invalid, missing } from "./check/part.ts";
import { GraphFault } from "./errors.ts";

/** Whom a message is for. */
export type Recipient = { phone: string } | { user_id: string } | { group_id: string };

/** A send that Meta would take as far as its form goes. */
export interface SendRequest {
  /** Whom it is for; `to` wins where both are given. */
  to: Recipient;
  type: string;
  /** What stands under the key named by `type`. */
  content: unknown;
  /** The ids of uploaded media in it. */
  media_ids: readonly string[];
  context_id: string | null;
  biz_opaque_callback_data: string | null;
  /** Direct Send asks for a template's category on a message that is none. */
  is_direct_send: boolean;
  /** `to` or `recipient`, as it came. */
  input: string;
}

/** Reads the body of a send. Throws a {@link GraphFault} as Meta would answer. */
export function parseSendRequest(body: unknown): SendRequest {
  const request = readBody(body);
  const to = readRecipient(request);
  const type = request.has("type") ? request.text("type", { max: 100 }) : "text";
  const media_ids = checkContent(request, type);
  const context = request.partOrNull("context");
  return {
    ...to,
    type,
    content: request.raw(type),
    media_ids,
    context_id: context ? context.text("message_id", { max: 1000 }) : null,
    biz_opaque_callback_data: request.textOrNull("biz_opaque_callback_data", { max: 512, min: 0 }),
    is_direct_send: type !== "template" && request.has("category"),
  };
}

function readRecipient(request: Part): Pick<SendRequest, "to" | "input"> {
  const kind = request.has("recipient_type")
    ? request.oneOf("recipient_type", ["individual", "group"])
    : "individual";
  if (request.has("to")) {
    const input = request.text("to", { max: 256 });
    if (kind === "group") return { to: { group_id: input }, input };
    if (!/\d/.test(input)) throw invalid("to");
    return { to: { phone: phoneDigits(input) }, input };
  }
  if (request.has("recipient")) {
    const input = request.text("recipient", { max: 256 });
    if (!/^[A-Z]{2}\.[A-Za-z0-9.]{1,128}$/.test(input)) throw invalid("recipient");
    return { to: { user_id: input }, input };
  }
  if (kind === "group") throw missing("to");
  throw new GraphFault(131008, { details: "Parameter 'to' or 'recipient' is required." });
}

/** One name for one recipient, as the request has it. */
export function recipientName(to: Recipient): string {
  if ("phone" in to) return to.phone;
  return "user_id" in to ? to.user_id : to.group_id;
}
