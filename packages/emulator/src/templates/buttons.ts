import type { Part } from "../graph/check/part.ts";
import { GraphFault } from "../graph/errors.ts";
import type { Loose } from "../view/loose.ts";
import type { Choice } from "../view/message-view.ts";
import { choice, contactReply, flowReply, orderReply, quickReply } from "../view/replies.ts";
import { fillIn, placeholders } from "./definition.ts";

/** The `sub_type` that a send names a button of this type by. */
const SUB_TYPES: { readonly [type: string]: string } = { OTP: "url", SPM: "mpm" };

const typeOf = (button: Loose) => (button.text("type") ?? "").toUpperCase();
const subTypeOf = (type: string) => SUB_TYPES[type] ?? type.toLowerCase();
/** Where a button stands. A call button may be named without its place: there is one at most. */
const indexOf = (given: Part, defined: readonly Loose[]) =>
  !given.has("index") && given.raw("sub_type") === "voice_call"
    ? defined.findIndex((button) => typeOf(button) === "VOICE_CALL")
    : given.number("index", { min: 0, max: 9 });
const firstParameter = (given: Part | undefined) =>
  given?.has("parameters") ? given.list("parameters", { min: 0, max: 10 })[0] : undefined;

/** What a button of this type must be given; `null`: nothing. */
function neededParameter(button: Loose): string | null {
  const type = typeOf(button);
  if (type === "OTP") return "text";
  if (type === "URL") return placeholders(button.text("url") ?? "").length > 0 ? "text" : null;
  if (type === "COPY_CODE") return "coupon_code";
  return type === "MPM" ? "action" : null;
}

/** Checks the buttons of a send against those of the template. */
export function checkButtons(defined: readonly Loose[], given: readonly Part[]): void {
  for (const part of given) {
    const index = indexOf(part, defined);
    const button = defined[index];
    const sub_type = part.text("sub_type", { max: 100 }).toLowerCase();
    if (!button) {
      throw new GraphFault(132018, { details: `buttons: there is no button at index ${index}.` });
    }
    if (subTypeOf(typeOf(button)) !== sub_type) {
      throw new GraphFault(132012, {
        details: `buttons: Format mismatch at index ${index}, expected ${typeOf(button)}, received ${sub_type.toUpperCase()}`,
      });
    }
  }
  for (const [index, button] of defined.entries()) {
    const needed = neededParameter(button);
    if (needed === null) continue;
    const parameter = firstParameter(given.find((part) => indexOf(part, defined) === index));
    if (!parameter?.has(needed)) {
      throw new GraphFault(131008, {
        details: `buttons: Button at index ${index} of type ${typeOf(button)} requires a parameter`,
      });
    }
    if (needed !== "action") parameter.text(needed, { max: 2000 });
  }
}

/** The buttons as the customer sees them. */
export function viewButtons(defined: readonly Loose[], given: readonly Part[]): Choice[] {
  return defined.map((button, index) => {
    const parameter = firstParameter(given.find((part) => indexOf(part, defined) === index));
    return viewButton(button, String(index), parameter);
  });
}

function viewButton(button: Loose, id: string, parameter: Part | undefined): Choice {
  const text = button.text("text") ?? "";
  const value = (key: string) => {
    const found = parameter?.raw(key);
    return typeof found === "string" ? found : null;
  };
  switch (typeOf(button)) {
    case "QUICK_REPLY":
      return choice(id, text, { reply: quickReply(value("payload") ?? text, text) });
    case "URL":
      return choice(id, text, { href: urlOf(button, value("text")) });
    case "PHONE_NUMBER":
      return choice(id, text, { href: `tel:${button.text("phone_number")}` });
    case "COPY_CODE":
      return choice(id, `Copy code ${value("coupon_code") ?? ""}`.trim());
    case "OTP":
      return choice(id, text || "Copy code");
    case "FLOW":
      return choice(id, text, { reply: flowReply(null) });
    case "REQUEST_CONTACT_INFO":
      return choice(id, text || "Share phone number", { reply: contactReply(null) });
    case "CATALOG":
    case "MPM":
    case "SPM":
      return choice(id, text || "View items", { reply: orderReply("catalog", "product") });
    default:
      return choice(id, text);
  }
}

function urlOf(button: Loose, value: string | null): string {
  const url = button.text("url") ?? "";
  const [name = "1"] = placeholders(url);
  return fillIn(url, new Map([[name, encodeURI(value ?? "")]]));
}
