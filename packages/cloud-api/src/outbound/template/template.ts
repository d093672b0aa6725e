import { z } from "zod";
import { checkUnique, integer, list, matching, object, oneOf } from "../fields.ts";
import { orderStatusSchema } from "../interactive/orders.ts";
import { unknownType } from "../interactive/parts.ts";
import { say } from "../issues.ts";
import {
  MAX_CARDS,
  MAX_TEMPLATE_BUTTONS,
  MAX_TEMPLATE_NAME_CHARACTERS,
  MIN_CARDS,
} from "../limits.ts";
import { buttonComponentSchema } from "./buttons.ts";
import {
  type BodyParameter,
  bodyParameterSchema,
  headerParameterSchema,
  offerParameterSchema,
  tapTargetParameterSchema,
} from "./parameters.ts";

/** A body of 1024 characters has room for no more. */
const MAX_BODY_PARAMETERS = 200;

const headerComponent = object({
  type: oneOf(["header"]),
  parameters: list(headerParameterSchema, 1, 1),
});

const bodyComponent = object({
  type: oneOf(["body"]),
  parameters: list(bodyParameterSchema, 1, MAX_BODY_PARAMETERS),
}).superRefine(({ parameters }, context) => checkNames(parameters, context));

/** Names are given to all or to none, each once. */
function checkNames(parameters: readonly BodyParameter[], context: z.RefinementCtx): void {
  const named = parameters.flatMap(({ parameter_name }, index) =>
    parameter_name === undefined
      ? []
      : [{ path: ["parameters", index, "parameter_name"], value: parameter_name }],
  );
  if (named.length > 0 && named.length < parameters.length) {
    const message = say("have a name in part", "give a parameter_name to all or to none");
    context.addIssue({ code: "custom", path: ["parameters"], message });
  }
  checkUnique(context, named, "name");
}

const offerComponent = object({
  type: oneOf(["limited_time_offer"]),
  parameters: list(offerParameterSchema, 1, 1),
});

const tapTargetComponent = object({
  type: oneOf(["tap_target_configuration"]),
  parameters: list(tapTargetParameterSchema, 1, 1),
});

const orderStatusComponent = object({
  type: oneOf(["order_status"]),
  parameters: list(
    object({ type: oneOf(["order_status"]), order_status: orderStatusSchema }),
    1,
    1,
  ),
});

const cardComponentSchema = z.discriminatedUnion(
  "type",
  [headerComponent, bodyComponent, buttonComponentSchema],
  { error: unknownType(["header", "body", "button"]) },
);

const cardSchema = object({
  card_index: integer(0, MAX_CARDS - 1),
  components: list(cardComponentSchema, 1, MAX_TEMPLATE_BUTTONS + 2).superRefine(
    (components, context) => checkOneOfEach(components, context),
  ),
});

const carouselComponent = object({
  type: oneOf(["carousel"]),
  cards: list(cardSchema, MIN_CARDS, MAX_CARDS),
}).superRefine(({ cards }, context) => {
  const indexes = cards.map(({ card_index }, index) => ({
    path: ["cards", index, "card_index"],
    value: String(card_index),
  }));
  checkUnique(context, indexes, "card");
});

const componentSchema = z.discriminatedUnion(
  "type",
  [
    headerComponent,
    bodyComponent,
    buttonComponentSchema,
    carouselComponent,
    offerComponent,
    orderStatusComponent,
    tapTargetComponent,
  ],
  {
    error: unknownType([
      "header",
      "body",
      "button",
      "carousel",
      "limited_time_offer",
      "order_status",
      "tap_target_configuration",
    ]),
  },
);

export type TemplateComponent = z.infer<typeof componentSchema>;
export type CardComponent = z.infer<typeof cardComponentSchema>;

/** One header, one body, …, and each button once. */
function checkOneOfEach(
  components: readonly { type: string; index?: number | undefined }[],
  context: z.RefinementCtx,
): void {
  const entries = components.map((component, at) =>
    component.type === "button"
      ? { path: [at, "index"], value: `button ${component.index ?? at}` }
      : { path: [at, "type"], value: component.type },
  );
  checkUnique(context, entries, "component");
}

const languageSchema = object({
  code: matching(/^[a-z]{2,3}(_[A-Za-z0-9]{2,4})?$/, "a language code of Meta's", '"en_US"'),
  policy: oneOf(["deterministic"]).optional(),
});

/** The name of a template: lower case letters, digits and underscores. */
export const templateNameSchema = matching(
  new RegExp(`^[a-z0-9_]{1,${MAX_TEMPLATE_NAME_CHARACTERS}}$`),
  `at most ${MAX_TEMPLATE_NAME_CHARACTERS} lower case letters, digits and _`,
  '"order_confirmation"',
);

/** The `template` part of a message: which one, and what its variables are. */
export const templatePartSchema = object({
  name: templateNameSchema,
  language: languageSchema,
  components: list(componentSchema, 0, MAX_TEMPLATE_BUTTONS + 6)
    .superRefine((components, context) => checkOneOfEach(components, context))
    .optional(),
});

export type TemplatePart = z.infer<typeof templatePartSchema>;
