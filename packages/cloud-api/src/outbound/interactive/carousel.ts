import { z } from "zod";
import { checkUnique, integer, list, metaId, object, oneOf, text } from "../fields.ts";
import { say } from "../issues.ts";
import {
  MAX_CARD_BODY_CHARACTERS,
  MAX_CARD_BODY_LINE_BREAKS,
  MAX_CARDS,
  MAX_REPLY_BUTTONS,
  MIN_CARDS,
} from "../limits.ts";
import { replySchema } from "./buttons.ts";
import { bodySchema, linkParametersSchema, mediaHeaderSchema, unknownType } from "./parts.ts";

const cardBodySchema = object({
  text: text({ max: MAX_CARD_BODY_CHARACTERS }).refine(
    (value) => value.split("\n").length - 1 <= MAX_CARD_BODY_LINE_BREAKS,
    { error: say(`has more than ${MAX_CARD_BODY_LINE_BREAKS} line breaks`, "take some out") },
  ),
});

const quickReplySchema = object({ type: oneOf(["quick_reply"]), quick_reply: replySchema });

/** A link, or answers to choose from. */
const mediaActionSchema = object({
  name: oneOf(["cta_url"]).optional(),
  parameters: linkParametersSchema.optional(),
  buttons: list(quickReplySchema, 1, MAX_REPLY_BUTTONS).optional(),
}).refine(
  ({ name, parameters, buttons }) =>
    buttons === undefined
      ? name !== undefined && parameters !== undefined
      : name === undefined && parameters === undefined,
  { error: say("needs either name and parameters, or buttons", "give one of the two") },
);

const card_index = integer(0, MAX_CARDS - 1);

const mediaCardSchema = object({
  card_index,
  // Meta's: the cards with quick replies are of this type too.
  type: oneOf(["cta_url"]),
  header: mediaHeaderSchema,
  body: cardBodySchema.optional(),
  action: mediaActionSchema,
});

const productCardSchema = object({
  card_index,
  type: oneOf(["product"]),
  action: object({ catalog_id: metaId(), product_retailer_id: text() }),
});

const cardSchema = z.discriminatedUnion("type", [mediaCardSchema, productCardSchema], {
  error: unknownType(["cta_url", "product"]),
});

type Card = z.infer<typeof cardSchema>;

/** Which buttons a card has: Meta wants the same on all. */
function shapeOf(card: Card): string {
  if (card.type === "product") return "a product";
  const { buttons } = card.action;
  return buttons === undefined ? "a link" : `${buttons.length} quick replies`;
}

/** Two to ten cards that scroll sideways. */
export const carouselSchema = object({
  type: oneOf(["carousel"]),
  body: bodySchema,
  action: object({ cards: list(cardSchema, MIN_CARDS, MAX_CARDS) }),
}).superRefine(({ action: { cards } }, context) => {
  const [first] = cards;
  for (const [index, card] of cards.entries()) {
    const at = ["action", "cards", index];
    if (card.card_index !== index) {
      const message = say("is not its place in the list", `write ${index}`);
      context.addIssue({ code: "custom", path: [...at, "card_index"], message });
    }
    if (first !== undefined && shapeOf(card) !== shapeOf(first)) {
      const message = say(
        `has ${shapeOf(card)}, the first card ${shapeOf(first)}`,
        "give all cards the same kind and number of buttons",
      );
      context.addIssue({ code: "custom", path: [...at, "action"], message });
    }
  }
  const ids = cards.flatMap((card, index) =>
    card.type === "cta_url"
      ? (card.action.buttons ?? []).map(({ quick_reply }, position) => ({
          path: ["action", "cards", index, "action", "buttons", position, "quick_reply", "id"],
          value: quick_reply.id,
        }))
      : [],
  );
  checkUnique(context, ids, "id");
});
