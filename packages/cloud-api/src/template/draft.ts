import { z } from "zod";
import { oneOf, text } from "../outbound/fields.ts";
import { issuesOf, say, type OutboundIssue } from "../outbound/issues.ts";
import {
  MAX_BODY_CHARACTERS,
  MAX_CARDS,
  MAX_FOOTER_CHARACTERS,
  MAX_HEADER_CHARACTERS,
  MAX_OFFER_TEXT_CHARACTERS,
  MAX_TEMPLATE_BUTTON_LABEL_CHARACTERS,
  MAX_TEMPLATE_BUTTONS,
  MAX_TEMPLATE_PHONE_CHARACTERS,
  MAX_TEMPLATE_URL_CHARACTERS,
  MIN_CARDS,
} from "../outbound/limits.ts";
import { templateNameSchema } from "../outbound/template/template.ts";
import { variablesOf } from "./variables.ts";

// A template before Meta has seen it. Meta reviews it anyway and adds kinds of components at any time, so this
// checks what is known to be refused and lets all else through.

const capitals = z
  .string({ error: say("must be text", "give the type of the component") })
  .transform((value) => value.toUpperCase());

const buttonSchema = z.looseObject({
  type: capitals,
  text: text({ max: MAX_TEMPLATE_BUTTON_LABEL_CHARACTERS }).optional(),
  url: text({ max: MAX_TEMPLATE_URL_CHARACTERS }).optional(),
  phone_number: text({ max: MAX_TEMPLATE_PHONE_CHARACTERS }).optional(),
});

const componentSchema = z
  .looseObject({
    type: capitals,
    format: capitals.optional(),
    text: text().optional(),
    example: z.unknown().optional(),
    buttons: z
      .array(buttonSchema)
      .max(MAX_TEMPLATE_BUTTONS, {
        error: say(`has too many entries: ${MAX_TEMPLATE_BUTTONS} are allowed`, "take some out"),
      })
      .optional(),
    limited_time_offer: z
      .looseObject({ text: text({ max: MAX_OFFER_TEXT_CHARACTERS }) })
      .optional(),
  })
  .superRefine((component, context) => {
    const report = (path: string, problem: string, fix: string) =>
      context.addIssue({ code: "custom", path: [path], message: say(problem, fix) });
    const max = MAX_CHARACTERS[component.type];
    const words = component.text ?? "";
    if (max !== undefined && words.length > max) {
      report("text", `must have at most ${max} characters`, "shorten it");
    }
    checkVariables(component.type, words, report);
    const is_media = component.type === "HEADER" && MEDIA_HEADERS.has(component.format ?? "");
    const is_filled = max !== undefined && variablesOf(words).length > 0;
    if ((is_media || is_filled) && component.example === undefined) {
      report("example", "is missing", "Meta reviews with it: give one for each variable or media");
    }
  });

const MAX_CHARACTERS: Readonly<Record<string, number | undefined>> = {
  HEADER: MAX_HEADER_CHARACTERS,
  BODY: MAX_BODY_CHARACTERS,
  FOOTER: MAX_FOOTER_CHARACTERS,
};

const MEDIA_HEADERS = new Set(["IMAGE", "VIDEO", "GIF", "DOCUMENT"]);

type Report = (path: string, problem: string, fix: string) => void;

function checkVariables(type: string, words: string, report: Report): void {
  const variables = variablesOf(words);
  if (variables.length === 0) return;
  if (type === "FOOTER") report("text", "has a variable", "footers take none: write it out");
  if (type === "HEADER" && variables.length > 1) {
    report("text", "has more than one variable", "headers take one");
  }
  const numbers = variables.filter((name) => /^\d+$/.test(name)).map(Number);
  if (numbers.length > 0 && numbers.length < variables.length) {
    report("text", "mixes numbers and names", "use {{1}}, {{2}} or {{first_name}}, not both");
  }
  if (numbers.some((number) => number > numbers.length || number < 1)) {
    report("text", "has a gap in its numbers", "number the variables {{1}}, {{2}}, …");
  }
  if (type === "BODY" && /^\s*\{\{|\}\}\s*$/.test(words)) {
    report("text", "begins or ends with a variable", "put words around it");
  }
}

const cardSchema = z.looseObject({ components: z.array(componentSchema) });

const draftSchema = z.looseObject({
  name: templateNameSchema,
  language: text(),
  category: z.preprocess(
    (value) => (typeof value === "string" ? value.toUpperCase() : value),
    oneOf(["AUTHENTICATION", "MARKETING", "UTILITY"]),
  ),
  components: z.array(
    componentSchema.extend({
      cards: z
        .array(cardSchema)
        .min(MIN_CARDS, { error: say(`has fewer than ${MIN_CARDS} cards`, "add some") })
        .max(MAX_CARDS, { error: say(`has more than ${MAX_CARDS} cards`, "take some out") })
        .optional(),
    }),
    { error: say("must be a list", 'write [{"type": "BODY", "text": "…"}]') },
  ),
});

/** A template as `graph.templates.create` takes it. */
export type TemplateDraft = z.output<typeof draftSchema>;

export type ParsedTemplateDraft =
  | { ok: true; draft: TemplateDraft }
  | { ok: false; issues: OutboundIssue[] };

/** Checks a template before it goes to Meta for review: name, category, lengths, variables, examples. */
export function parseTemplateDraft(value: unknown): ParsedTemplateDraft {
  const parsed = draftSchema.safeParse(value);
  return parsed.success
    ? { ok: true, draft: parsed.data }
    : { ok: false, issues: issuesOf(parsed.error) };
}
