import { integer, object, oneOf, text, wamid } from "./fields.ts";
import { say } from "./issues.ts";
import { MAX_PIN_DAYS } from "./limits.ts";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** One character as a reader sees it, in which there is a picture, a flag or a keycap. */
function isEmoji(value: string): boolean {
  return (
    [...graphemes.segment(value)].length === 1 &&
    /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|\u20E3/u.test(value)
  );
}

/** An emoji on a message; an empty one takes the reaction back. */
export const reactionPartSchema = object({
  message_id: wamid(),
  emoji: text({ min: 0 }).refine((value) => value === "" || isEmoji(value), {
    error: say("must be one emoji", 'write one, or "" to take the reaction back'),
  }),
});

/** Groups alone: keeps a message at the top, or takes it down. */
export const pinPartSchema = object({
  type: oneOf(["pin", "unpin"]),
  message_id: wamid(),
  expiration_days: integer(1, MAX_PIN_DAYS).optional(),
}).superRefine(({ type, expiration_days }, context) => {
  if (type === "pin" && expiration_days === undefined) {
    const message = say("is missing", `say for how many days, 1 to ${MAX_PIN_DAYS}`);
    context.addIssue({ code: "custom", path: ["expiration_days"], message });
  }
  if (type === "unpin" && expiration_days !== undefined) {
    const message = say("has no meaning when unpinning", "remove it");
    context.addIssue({ code: "custom", path: ["expiration_days"], message });
  }
});
