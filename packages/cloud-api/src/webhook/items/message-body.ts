import { z } from "zod";
import type { JsonObject } from "../../json/json.ts";
import { optionalText } from "../scalars.ts";

const titled = z
  .object({ title: optionalText })
  .transform((reply) => reply.title)
  .nullable()
  .catch(null);

const captioned = z.object({ caption: optionalText }).transform((media) => media.caption);

/** For each type whose own part (`message[type]`) has words in it: how to get at them. */
const readers = new Map<string, z.ZodType<string | null>>([
  ["text", z.object({ body: optionalText }).transform((text) => text.body)],
  ["image", captioned],
  ["video", captioned],
  [
    "document",
    z
      .object({ caption: optionalText, filename: optionalText })
      .transform((document) => document.caption ?? document.filename),
  ],
  // Without an emoji a reaction takes an earlier one back.
  ["reaction", z.object({ emoji: optionalText }).transform((reaction) => reaction.emoji)],
  [
    "button",
    z
      .object({ text: optionalText, payload: optionalText })
      .transform((button) => button.text ?? button.payload),
  ],
  [
    "interactive",
    z
      .object({
        button_reply: titled,
        list_reply: titled,
        nfm_reply: z.object({ body: optionalText }).nullable().catch(null),
        // Of what the business sends.
        body: z.object({ text: optionalText }).nullable().catch(null),
      })
      .transform(
        ({ button_reply, list_reply, nfm_reply, body }) =>
          button_reply ?? list_reply ?? nfm_reply?.body ?? body?.text ?? null,
      ),
  ],
  [
    "location",
    z
      .object({ name: optionalText, address: optionalText })
      .transform((place) => place.name ?? place.address),
  ],
  [
    "contacts",
    z
      .array(z.object({ name: z.object({ formatted_name: z.string().min(1) }) }))
      .transform((cards) => cards.map((card) => card.name.formatted_name).join(", ") || null),
  ],
  ["order", z.object({ text: optionalText }).transform((order) => order.text)],
  ["system", z.object({ body: optionalText }).transform((system) => system.body)],
]);

/**
 * What a person would read of a message in a list. Null where there are no words in it (audio, sticker, a
 * reaction taken back), where the type is unknown, and where its part is not of the shape that we know.
 */
export function readMessageBody(type: string, message: JsonObject): string | null {
  return readers.get(type)?.safeParse(message[type]).data ?? null;
}
