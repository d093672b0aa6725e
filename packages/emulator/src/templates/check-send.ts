import { readMedia } from "../graph/check/media.ts";
import { type Part, characters, readPart } from "../graph/check/part.ts";
import { GraphFault } from "../graph/errors.ts";
import { type Loose, loose } from "../view/loose.ts";
import type { Choice, MessageView, ViewBlock, ViewMedia } from "../view/message-view.ts";
import { checkButtons, viewButtons } from "./buttons.ts";
import { fillIn, placeholders } from "./definition.ts";
import type { Template } from "./template.ts";

/** Meta: a body with its values filled in. */
const FILLED_MAX_LENGTH = 1024;
/** The text that Meta gives an authentication template. */
const CODE_TEXT = "*{{1}}* is your verification code.";

/** A template message that fits its template. */
export interface FilledTemplate {
  view: MessageView;
  /** The ids of uploaded media in it. */
  media_ids: string[];
}

/** One template, or one card of it, while it is filled in. */
interface Filling {
  template: Template;
  /** The definition's components by upper-case type. */
  defined: ReadonlyMap<string, Loose>;
  /** The send's components, buttons left out, by lower-case type. */
  given: ReadonlyMap<string, Part>;
  buttons: readonly Part[];
  media_ids: string[];
}

/** Checks a send against its template and fills it in. Throws a {@link GraphFault} as Meta would answer. */
export function fillTemplate(template: Template, content: unknown): FilledTemplate {
  const message = readPart(content, "template");
  const media_ids: string[] = [];
  const components = message.has("components")
    ? message.list("components", { min: 0, max: 20 })
    : [];
  const filling = { template, ...split(template.components, components), media_ids };
  checkOffer(filling);
  const block = fillBlock(filling);
  return { view: { ...block, cards: fillCards(filling), menu: null }, media_ids };
}

function split(defined: readonly unknown[], given: readonly Part[]) {
  const typed = given.map((part) => ({
    type: part.text("type", { max: 100 }).toLowerCase(),
    part,
  }));
  return {
    defined: new Map(
      defined.map((component) => {
        const one = loose(component);
        return [(one.text("type") ?? "").toUpperCase(), one];
      }),
    ),
    given: new Map(
      typed.filter(({ type }) => type !== "button").map(({ type, part }) => [type, part]),
    ),
    buttons: typed.filter(({ type }) => type === "button").map(({ part }) => part),
  };
}

function fillBlock(filling: Filling): ViewBlock {
  const header = fillHeader(filling);
  const body = fillText(filling, "body", bodyText(filling));
  if (characters(body, FILLED_MAX_LENGTH) > FILLED_MAX_LENGTH) {
    throw new GraphFault(132005, {
      details: `body: the translated text is longer than ${FILLED_MAX_LENGTH} characters.`,
    });
  }
  return {
    header,
    body,
    footer: filling.defined.get("FOOTER")?.text("text") ?? null,
    choices: fillButtons(filling),
  };
}

function bodyText({ template, defined }: Filling): string {
  const own = template.category === "AUTHENTICATION" ? CODE_TEXT : "";
  return defined.get("BODY")?.text("text") ?? own;
}

function fillHeader(filling: Filling): ViewBlock["header"] {
  const header = filling.defined.get("HEADER");
  const format = (header?.text("format") ?? "TEXT").toUpperCase();
  if (!header || format === "TEXT") {
    const text = fillText(filling, "header", header?.text("text") ?? "");
    return { text: text === "" ? null : text, media: null };
  }
  const kind = format.toLowerCase();
  const [parameter] = parametersOf(filling.given.get("header"));
  const given = parameter?.raw("type");
  if (!parameter || given !== kind) {
    throw new GraphFault(132012, {
      details: `header: Format mismatch, expected ${format}, received ${typeof given === "string" ? given.toUpperCase() : "UNKNOWN"}`,
    });
  }
  return { text: null, media: headerMedia(filling, kind, parameter.part(kind)) };
}

function headerMedia(filling: Filling, kind: string, given: Part): ViewMedia | null {
  if (kind === "location") {
    given.number("latitude", { min: -90, max: 90 });
    given.number("longitude", { min: -180, max: 180 });
    return null;
  }
  if (kind === "product") return null;
  const media = readMedia(given);
  if (media.id !== null) filling.media_ids.push(media.id);
  return { kind, ...media, filename: given.textOrNull("filename", { max: 240, min: 0 }) };
}

/** Fills one text in: as many values as placeholders, each of them text that Meta takes. */
function fillText(filling: Filling, where: "header" | "body", text: string): string {
  const names = placeholders(text);
  const parameters = parametersOf(filling.given.get(where));
  if (parameters.length !== names.length) {
    throw new GraphFault(132000, {
      message: "(#132000) Number of parameters does not match the expected number of params",
      details: `${where}: number of localizable_params (${parameters.length}) does not match the expected number of params (${names.length})`,
    });
  }
  const is_named = filling.template.parameter_format === "NAMED";
  const values = parameters.map((parameter, index): [string, string] => {
    const name = is_named ? parameterName(parameter, names) : (names[index] ?? "");
    return [name, textValue(parameter, where)];
  });
  return fillIn(text, new Map(values));
}

function parameterName(parameter: Part, names: readonly string[]): string {
  const name = parameter.raw("parameter_name");
  if (typeof name === "string" && names.includes(name)) return name;
  throw new GraphFault(132012, {
    details: `${parameter.path}: parameter_name must be one of ${names.join(", ")}`,
  });
}

function textValue(parameter: Part, where: string): string {
  const type = parameter.text("type", { max: 100 }).toLowerCase();
  if (type === "currency" || type === "date_time") {
    return parameter.part(type).text("fallback_value", { max: FILLED_MAX_LENGTH });
  }
  if (type !== "text") {
    throw new GraphFault(132012, {
      details: `${where}: Format mismatch, expected TEXT, received ${type.toUpperCase()}`,
    });
  }
  const text = parameter.text("text", { max: 32_768 });
  if (/[\n\t]| {5,}/.test(text)) {
    throw new GraphFault(132018, {
      details: "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
    });
  }
  return text;
}

function fillButtons(filling: Filling): Choice[] {
  const buttons = filling.defined.get("BUTTONS")?.list("buttons") ?? [];
  checkButtons(buttons, filling.buttons);
  return viewButtons(buttons, filling.buttons);
}

function fillCards(filling: Filling): ViewBlock[] {
  const cards = filling.defined.get("CAROUSEL")?.list("cards");
  const carousel = filling.given.get("carousel");
  if (!cards) return [];
  const given = carousel?.list("cards", { min: 0, max: 20 }) ?? [];
  if (given.length !== cards.length) {
    throw new GraphFault(132012, {
      details: `carousel: expected ${cards.length} cards, received ${given.length}`,
    });
  }
  return cards.map((card, index) => {
    const defined = card.list("components").map(({ value }) => value);
    const components = given[index]?.list("components", { min: 0, max: 20 }) ?? [];
    const { template, media_ids } = filling;
    const block = fillBlock({ template, media_ids, ...split(defined, components) });
    // Cards of one template repeat each other's choices.
    const choices = block.choices.map((one) => ({ ...one, id: `card-${index}-${one.id}` }));
    return { ...block, choices };
  });
}

function checkOffer({ defined, given }: Filling): void {
  const offer = defined.get("LIMITED_TIME_OFFER")?.at("limited_time_offer");
  if (offer?.at("has_expiration").value !== true) return;
  const [parameter] = parametersOf(given.get("limited_time_offer"));
  const expires = loose(parameter?.raw("limited_time_offer")).text("expiration_time_ms");
  if (expires === null) {
    throw new GraphFault(131008, {
      details: "limited_time_offer: expiration_time_ms is required.",
    });
  }
}

function parametersOf(component: Part | undefined): Part[] {
  return component?.has("parameters") ? component.list("parameters", { min: 0, max: 100 }) : [];
}
