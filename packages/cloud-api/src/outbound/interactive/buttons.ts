import { z } from "zod";
import { checkUnique, line, list, object, oneOf, text } from "../fields.ts";
import {
  MAX_BUTTON_ID_CHARACTERS,
  MAX_BUTTON_LABEL_CHARACTERS,
  MAX_DIRECT_SEND_BUTTONS,
} from "../limits.ts";
import {
  bodySchema,
  footerSchema,
  headerSchema,
  linkParametersSchema,
  unknownType,
} from "./parts.ts";

export const replySchema = object({
  id: text({ max: MAX_BUTTON_ID_CHARACTERS }),
  title: line(MAX_BUTTON_LABEL_CHARACTERS),
});

const replyButtonSchema = object({ type: oneOf(["reply"]), reply: replySchema });
/** Direct Send alone: see checkDirectSend. */
const linkButtonSchema = object({ type: oneOf(["cta_url"]), cta_url: linkParametersSchema });

const buttonSchema = z.discriminatedUnion("type", [replyButtonSchema, linkButtonSchema], {
  error: unknownType(["reply"]),
});

/** Up to three answers to choose from; a Direct Send (`category`) takes ten, links among them. */
export const replyButtonsSchema = object({
  type: oneOf(["button"]),
  header: headerSchema.optional(),
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({ buttons: list(buttonSchema, 1, MAX_DIRECT_SEND_BUTTONS) }),
}).superRefine(({ action: { buttons } }, context) => {
  const at = ["action", "buttons"];
  const labels = buttons.map((button, index) =>
    button.type === "reply"
      ? { path: [...at, index, "reply", "title"], value: button.reply.title }
      : { path: [...at, index, "cta_url", "display_text"], value: button.cta_url.display_text },
  );
  const ids = buttons.flatMap((button, index) =>
    button.type === "reply"
      ? [{ path: [...at, index, "reply", "id"], value: button.reply.id }]
      : [],
  );
  checkUnique(context, labels, "label");
  checkUnique(context, ids, "id");
});
