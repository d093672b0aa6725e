import type { OutboundIssue } from "../outbound/issues.ts";
import { MAX_BODY_CHARACTERS, MAX_HEADER_CHARACTERS } from "../outbound/limits.ts";
import type {
  CardComponent,
  TemplateComponent,
  TemplatePart,
} from "../outbound/template/template.ts";
import { checkButtons } from "./check-buttons.ts";
import { checkText, type Report } from "./check-text.ts";
import { componentOf, type DefinedComponent, type TemplateDefinition } from "./definition.ts";

/**
 * What Meta would say against these parameters for this template (132000, 132005, 132012, 132018), by field; also
 * where the template is not approved. Empty where they fit. `template` is the `template` part of a message that
 * parseOutboundMessage has passed.
 */
export function checkTemplate(
  definition: TemplateDefinition,
  template: TemplatePart,
): OutboundIssue[] {
  const issues: OutboundIssue[] = [];
  const report: Report = (field, problem, fix) => {
    issues.push({ field, problem, fix });
  };
  checkIdentity(definition, template, report);
  const place = { given: template.components ?? [], at: "template.components" };
  checkComponents(definition.components, place, report);
  checkOffer(definition, place, report);
  checkCards(definition, place, report);
  return issues;
}

function checkIdentity(
  definition: TemplateDefinition,
  template: TemplatePart,
  report: Report,
): void {
  if (template.name !== definition.name) {
    const fix = "look up the definition by name and language";
    report("template.name", `is not that of the definition, ${definition.name}`, fix);
  }
  if (template.language.code !== definition.language) {
    const problem = "is not the language of the definition";
    report("template.language.code", problem, `write "${definition.language}"`);
  }
  const { status } = definition;
  if (typeof status === "string" && status !== "APPROVED") {
    report("template.name", `is a template that is ${status}`, "wait until it is APPROVED");
  }
}

/** The components that were given, and where they stand in the message. */
export interface Place {
  given: readonly (TemplateComponent | CardComponent)[];
  at: string;
}

function checkComponents(defined: readonly DefinedComponent[], place: Place, report: Report): void {
  checkHeader(componentOf(defined, "HEADER"), place, report);
  const text = componentOf(defined, "BODY")?.text ?? "";
  const body = parametersOf(place, "body");
  checkText({ name: "body", text, max: MAX_BODY_CHARACTERS }, body, report);
  checkButtons(componentOf(defined, "BUTTONS")?.buttons ?? [], place, report);
}

/** The parameters of the component of this type, and its field; that of all components where it is not there. */
function parametersOf({ given, at }: Place, type: "header" | "body") {
  const index = given.findIndex((candidate) => candidate.type === type);
  const component = given[index];
  return {
    field: index < 0 ? at : `${at}[${index}]`,
    parameters:
      component?.type === "header" || component?.type === "body" ? component.parameters : [],
  };
}

/** What a header of each format takes as its parameter. */
const HEADER_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ["IMAGE", ["image"]],
  ["VIDEO", ["video"]],
  ["GIF", ["gif", "video"]],
  ["DOCUMENT", ["document"]],
  ["LOCATION", ["location"]],
  ["PRODUCT", ["product"]],
]);

function checkHeader(defined: DefinedComponent | undefined, place: Place, report: Report): void {
  const header = parametersOf(place, "header");
  const types = HEADER_TYPES.get(defined?.format ?? "");
  const [wanted] = types ?? [];
  if (types === undefined || wanted === undefined) {
    const text = defined?.text ?? "";
    checkText({ name: "header", text, max: MAX_HEADER_CHARACTERS }, header, report);
    return;
  }
  const [parameter] = header.parameters;
  if (parameter === undefined) {
    const fix = `add {"type": "header", "parameters": [{"type": "${wanted}", "${wanted}": {…}}]}`;
    report(header.field, `has no header, the template's is of type ${wanted}`, fix);
  } else if (!types.includes(parameter.type)) {
    const problem = `is ${parameter.type}, the template's header is of type ${wanted}`;
    report(`${header.field}.parameters[0].type`, problem, `write "${wanted}"`);
  }
}

function checkOffer(definition: TemplateDefinition, { given, at }: Place, report: Report): void {
  const offer = componentOf(definition.components, "LIMITED_TIME_OFFER");
  const index = given.findIndex(({ type }) => type === "limited_time_offer");
  if (offer === undefined && index >= 0) {
    report(`${at}[${index}]`, "is not part of this template", "remove it");
  }
  if (offer?.limited_time_offer?.has_expiration === true && index < 0) {
    const fix = "add the component limited_time_offer with expiration_time_ms";
    report(at, "does not say when the offer ends", fix);
  }
}

function checkCards(definition: TemplateDefinition, { given, at }: Place, report: Report): void {
  const defined = componentOf(definition.components, "CAROUSEL")?.cards ?? [];
  const index = given.findIndex(({ type }) => type === "carousel");
  const carousel = given[index];
  if (carousel?.type !== "carousel") {
    if (defined.length === 0) return;
    const fix = "add the component carousel";
    report(at, `has no cards, the template has ${defined.length}`, fix);
    return;
  }
  const cards_at = `${at}[${index}].cards`;
  if (defined.length === 0) {
    report(`${at}[${index}]`, "is not part of this template", "remove it");
    return;
  }
  if (carousel.cards.length !== defined.length) {
    const problem = `has ${carousel.cards.length} cards, the template ${defined.length}`;
    report(cards_at, problem, "give as many as the template has");
  }
  for (const [position, card] of carousel.cards.entries()) {
    const definition_of_card = defined[card.card_index];
    if (definition_of_card === undefined) continue;
    const place = { given: card.components, at: `${cards_at}[${position}].components` };
    checkComponents(definition_of_card.components, place, report);
  }
}
