import type { z } from "zod";
import type { InteractivePart } from "./interactive/interactive.ts";
import { say } from "./issues.ts";
import { MAX_BODY_CHARACTERS, MAX_DIRECT_SEND_CTA_BUTTONS, MAX_REPLY_BUTTONS } from "./limits.ts";
import type { TextPart } from "./text.ts";

interface DirectMessage {
  type: "text" | "interactive";
  category?: "utility" | "authentication" | undefined;
  message_send_ttl_seconds?: number | undefined;
  direct_send_config?: object | undefined;
  text?: TextPart;
  interactive?: InteractivePart;
}

/** What a `category` allows and forbids: Meta, "Direct Send: supported features and limits". */
export function checkDirectSend(message: DirectMessage, context: z.RefinementCtx): void {
  const report = (path: PropertyKey[], problem: string, fix: string) =>
    context.addIssue({ code: "custom", path, message: say(problem, fix) });
  const { category, text, interactive } = message;

  if (category === undefined) {
    for (const field of ["message_send_ttl_seconds", "direct_send_config"] as const) {
      if (message[field] === undefined) continue;
      report([field], "belongs to Direct Send", 'add category: "utility", or remove it');
    }
    checkReplyButtons(interactive, report);
    return;
  }
  if (text !== undefined && text.body.length > MAX_BODY_CHARACTERS) {
    const problem = `must have at most ${MAX_BODY_CHARACTERS} characters with a category`;
    report(["text", "body"], problem, "shorten it");
  }
  if (text?.preview_url === true) {
    report(["text", "preview_url"], "is not possible with a category", "remove it");
  }
  if (interactive === undefined) return;
  if (category === "authentication") {
    report(["category"], "authentication goes with text alone", 'write "utility" or send a text');
  }
  if (interactive.type !== "button" && interactive.type !== "cta_url") {
    report(["category"], "goes with buttons and links alone", "remove it, or use a template");
  }
  checkLinkButtons(interactive, report);
}

type Report = (path: PropertyKey[], problem: string, fix: string) => void;

const BUTTONS = ["interactive", "action", "buttons"];

function checkReplyButtons(interactive: InteractivePart | undefined, report: Report): void {
  if (interactive?.type !== "button") return;
  const { buttons } = interactive.action;
  if (buttons.length > MAX_REPLY_BUTTONS) {
    const problem = `has too many entries: 1 to ${MAX_REPLY_BUTTONS} are allowed`;
    report(BUTTONS, problem, "take some out, or send a list");
  }
  for (const [index, { type }] of buttons.entries()) {
    if (type === "reply") continue;
    const fix = 'write "reply", or send an interactive message of type cta_url';
    report([...BUTTONS, index, "type"], "links among replies belong to Direct Send", fix);
  }
}

function checkLinkButtons(interactive: InteractivePart, report: Report): void {
  if (interactive.type !== "button") return;
  const types = interactive.action.buttons.map(({ type }) => type);
  if (types.filter((type) => type === "cta_url").length > MAX_DIRECT_SEND_CTA_BUTTONS) {
    report(BUTTONS, `have more than ${MAX_DIRECT_SEND_CTA_BUTTONS} links`, "take some out");
  }
  if (types.lastIndexOf("cta_url") > types.indexOf("reply") && types.includes("reply")) {
    report(BUTTONS, "have a link behind a reply", "put the links first");
  }
}
