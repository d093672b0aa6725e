import { MAX_TEMPLATE_URL_CHARACTERS } from "../outbound/limits.ts";
import type { ButtonComponent } from "../outbound/template/buttons.ts";
import type { Place } from "./check.ts";
import type { Report } from "./check-text.ts";
import type { DefinedButton } from "./definition.ts";
import { fillIn, variablesOf } from "./variables.ts";

/** Which `sub_type` gives a button of each type its parameter, and whether it must. */
const SUB_TYPES: ReadonlyMap<string, { sub_type: string; is_required: boolean }> = new Map([
  ["QUICK_REPLY", { sub_type: "quick_reply", is_required: false }],
  ["URL", { sub_type: "url", is_required: false }],
  // The code of an authentication template, which stands in the body too.
  ["OTP", { sub_type: "url", is_required: true }],
  ["COPY_CODE", { sub_type: "copy_code", is_required: true }],
  ["FLOW", { sub_type: "flow", is_required: false }],
  ["CATALOG", { sub_type: "catalog", is_required: false }],
  ["MPM", { sub_type: "mpm", is_required: true }],
  ["ORDER_DETAILS", { sub_type: "order_details", is_required: true }],
  ["VOICE_CALL", { sub_type: "voice_call", is_required: false }],
]);

interface GivenButton {
  button: ButtonComponent;
  field: string;
}

/** That each button which needs a parameter has one of its kind, and no other has. */
export function checkButtons(
  defined: readonly DefinedButton[],
  { given, at }: Place,
  report: Report,
): void {
  const buttons = given.flatMap((component, position): GivenButton[] =>
    component.type === "button" ? [{ button: component, field: `${at}[${position}]` }] : [],
  );
  for (const { button, field } of buttons) {
    const index = indexOf(button, defined);
    const definition = defined[index];
    if (definition === undefined) {
      const problem = `is ${index}, the template has ${defined.length} buttons`;
      report(`${field}.index`, problem, "count the template's buttons from 0");
    } else {
      checkButton(definition, { button, field }, report);
    }
  }
  for (const [index, definition] of defined.entries()) {
    if (!needsParameter(definition)) continue;
    if (buttons.some(({ button }) => indexOf(button, defined) === index)) continue;
    const sub_type = SUB_TYPES.get(definition.type)?.sub_type ?? "";
    const fix = `add {"type": "button", "sub_type": "${sub_type}", "index": ${index}, "parameters": […]}`;
    report(at, `has no parameter for button ${index} (${definition.text ?? sub_type})`, fix);
  }
}

/** A call button may come without index: there is one at most. */
function indexOf(button: ButtonComponent, defined: readonly DefinedButton[]): number {
  return button.index ?? defined.findIndex(({ type }) => type === "VOICE_CALL");
}

function needsParameter({ type, url }: DefinedButton): boolean {
  if (type === "URL") return variablesOf(url ?? "").length > 0;
  return SUB_TYPES.get(type)?.is_required === true;
}

function checkButton(
  definition: DefinedButton,
  { button, field }: GivenButton,
  report: Report,
): void {
  const wanted = SUB_TYPES.get(definition.type)?.sub_type;
  if (wanted !== button.sub_type) {
    const problem = `is ${button.sub_type}, this button of the template is ${definition.type}`;
    const fix = wanted === undefined ? "remove it: it takes no parameter" : `write "${wanted}"`;
    report(`${field}.sub_type`, problem, fix);
    return;
  }
  if (definition.type !== "URL" || button.sub_type !== "url") return;
  const url = definition.url ?? "";
  if (variablesOf(url).length === 0) {
    report(field, "has a parameter, the template's address has no variable", "remove it");
  }
  if (fillIn(url, button.parameters).length > MAX_TEMPLATE_URL_CHARACTERS) {
    const problem = `makes an address of more than ${MAX_TEMPLATE_URL_CHARACTERS} characters`;
    report(`${field}.parameters[0].text`, problem, "shorten it");
  }
}
