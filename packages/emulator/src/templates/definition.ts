import { type Part, readPart } from "../graph/check/part.ts";
import { GraphFault } from "../graph/errors.ts";
import { TEMPLATE_CATEGORIES, type Template } from "./template.ts";

// Limits: Meta's page "Template components".
const NAME_MAX_LENGTH = 512;
const HEADER_MAX_LENGTH = 60;
const BODY_MAX_LENGTH = 1024;
const FOOTER_MAX_LENGTH = 60;
const BUTTON_TEXT_MAX_LENGTH = 25;
const MAX_BUTTONS = 10;
const BUTTON_TYPES = [
  "QUICK_REPLY",
  "URL",
  "PHONE_NUMBER",
  "COPY_CODE",
  "FLOW",
  "CATALOG",
  "MPM",
  "SPM",
  "OTP",
  "VOICE_CALL",
  "ORDER_DETAILS",
  "REQUEST_CONTACT_INFO",
] as const;
const HEADER_FORMATS = ["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "PRODUCT"] as const;
const COMPONENT_TYPES = [
  "HEADER",
  "BODY",
  "FOOTER",
  "BUTTONS",
  "CAROUSEL",
  "LIMITED_TIME_OFFER",
  "CALL_PERMISSION_REQUEST",
] as const;

/** Where text and values meet: `{{1}}` or `{{first_name}}`. */
const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

/** The placeholders of a text in their order, each once. */
export function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ""))];
}

/** The text with its placeholders replaced. */
export function fillIn(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(PLACEHOLDER, (whole, name: string) => values.get(name) ?? whole);
}

/** What `POST /{waba}/message_templates` describes. */
export type TemplateDefinition = Pick<
  Template,
  "name" | "language" | "category" | "parameter_format" | "components"
>;

/** Reads a new template. Throws a {@link GraphFault} as Meta would answer. */
export function readDefinition(body: unknown): TemplateDefinition {
  const request = asPart(body);
  const name = request.raw("name");
  if (typeof name !== "string" || name.length > NAME_MAX_LENGTH || !/^[a-z0-9_]+$/.test(name)) {
    throw refusal(
      "Message template names can only contain lower-case letters, digits and underscores.",
    );
  }
  const language = request.raw("language");
  if (typeof language !== "string" || !/^[a-z]{2,3}(_[A-Za-z]{2,4})?$/.test(language)) {
    throw refusal("The parameter language is required, like en_US.");
  }
  const category = TEMPLATE_CATEGORIES.find((one) => one === upper(request.raw("category")));
  if (!category) {
    throw refusal(`The parameter category must be one of ${TEMPLATE_CATEGORIES.join(", ")}.`);
  }
  const is_named = upper(request.raw("parameter_format")) === "NAMED";
  const parameter_format = is_named ? "NAMED" : "POSITIONAL";
  const components = readComponents(request, { category, parameter_format });
  return { name, language, category, parameter_format, components };
}

/** Reads the components of a new or edited template. */
export function readComponents(
  request: Part,
  template: Pick<Template, "category" | "parameter_format">,
): unknown[] {
  const components = request.raw("components");
  if (!Array.isArray(components) || components.length === 0) {
    throw refusal("The parameter components is required.");
  }
  const parts = components.map((component, index) => readPart(component, `components[${index}]`));
  const types = parts.map((part) => componentType(part));
  if (!types.includes("BODY")) throw refusal("A template needs a BODY component.");
  if (new Set(types).size < types.length) throw refusal("Each component is allowed once.");
  for (const [index, part] of parts.entries()) checkComponent(part, types[index], template);
  return components;
}

function componentType(part: Part): (typeof COMPONENT_TYPES)[number] {
  const type = COMPONENT_TYPES.find((one) => one === upper(part.raw("type")));
  if (type) return type;
  throw refusal(`${part.path}: type must be one of ${COMPONENT_TYPES.join(", ")}.`);
}

function checkComponent(
  part: Part,
  type: (typeof COMPONENT_TYPES)[number] | undefined,
  template: Pick<Template, "category" | "parameter_format">,
): void {
  // The text of an authentication template is Meta's own.
  const has_own_text = template.category === "AUTHENTICATION" && !part.has("text");
  if (type === "HEADER") checkHeader(part, template);
  else if (type === "BODY" && !has_own_text) checkText(part, BODY_MAX_LENGTH, template);
  else if (type === "FOOTER" && !has_own_text) checkText(part, FOOTER_MAX_LENGTH, template);
  else if (type === "BUTTONS") checkButtons(part);
  else if (type === "CAROUSEL") checkCarousel(part, template);
}

function checkHeader(part: Part, template: Pick<Template, "parameter_format">): void {
  const format = HEADER_FORMATS.find((one) => one === upper(part.raw("format")));
  if (!format) throw refusal(`${part.path}: format must be one of ${HEADER_FORMATS.join(", ")}.`);
  if (format !== "TEXT") return;
  checkText(part, HEADER_MAX_LENGTH, template);
  if (placeholders(textOf(part)).length > 1) {
    throw refusal(`${part.path}: a header has at most one variable.`);
  }
}

function checkText(
  part: Part,
  max: number,
  { parameter_format }: Pick<Template, "parameter_format">,
): void {
  const text = textOf(part);
  if (text.trim() === "") throw refusal(`${part.path}: text is required.`);
  if (text.length > max) throw refusal(`${part.path}: text has more than ${max} characters.`);
  const names = placeholders(text);
  if (names.length === 0) return;
  const is_ordered =
    parameter_format === "NAMED"
      ? names.every((name) => /^[a-z_][a-z0-9_]*$/.test(name))
      : names.every((name, index) => name === String(index + 1));
  if (!is_ordered) {
    throw refusal(
      `${part.path}: variables must be {{1}}, {{2}}, … or, where NAMED, lower-case words.`,
    );
  }
  if (/^\s*\{\{\w+\}\}|\{\{\w+\}\}\s*$/.test(text) && max === BODY_MAX_LENGTH) {
    throw refusal("Variables can't be at the start or end of the template.", 2388299);
  }
  if (!part.has("example")) {
    throw refusal(`${part.path}: a text with variables needs an example.`, 2388043);
  }
}

function checkButtons(part: Part): void {
  const buttons = part.raw("buttons");
  if (!Array.isArray(buttons) || buttons.length === 0 || buttons.length > MAX_BUTTONS) {
    throw refusal(`${part.path}: 1 to ${MAX_BUTTONS} buttons.`);
  }
  for (const [index, given] of buttons.entries()) {
    const button = readPart(given, `${part.path}.buttons[${index}]`);
    const type = BUTTON_TYPES.find((one) => one === upper(button.raw("type")));
    if (!type) throw refusal(`${button.path}: type must be one of ${BUTTON_TYPES.join(", ")}.`);
    if (textOf(button).length > BUTTON_TEXT_MAX_LENGTH) {
      throw refusal(`${button.path}: text has more than ${BUTTON_TEXT_MAX_LENGTH} characters.`);
    }
    if (type === "URL" && !button.has("url")) throw refusal(`${button.path}: url is required.`);
    if (type === "PHONE_NUMBER" && !button.has("phone_number")) {
      throw refusal(`${button.path}: phone_number is required.`);
    }
  }
}

function checkCarousel(
  part: Part,
  template: Pick<Template, "category" | "parameter_format">,
): void {
  const cards = part.raw("cards");
  if (!Array.isArray(cards) || cards.length < 2 || cards.length > 10) {
    throw refusal(`${part.path}: 2 to 10 cards.`);
  }
  for (const [index, given] of cards.entries()) {
    const card = readPart(given, `${part.path}.cards[${index}]`);
    for (const component of card.list("components", { min: 1, max: 4 })) {
      checkComponent(component, componentType(component), template);
    }
  }
}

const textOf = (part: Part) => {
  const text = part.raw("text");
  return typeof text === "string" ? text : "";
};
/** Meta takes types in any case. */
const upper = (value: unknown) => (typeof value === "string" ? value.toUpperCase() : value);

function asPart(body: unknown): Part {
  return readPart(typeof body === "object" && body !== null ? body : {}, "");
}

function refusal(details: string, subcode?: number): GraphFault {
  return new GraphFault(100, {
    message: "Invalid parameter",
    user: { title: "Template format is incorrect", message: details },
    ...(subcode !== undefined && { subcode }),
  });
}
