import { z } from "zod";
import type { JsonObject } from "../../json/json.ts";
import type { MessageEvent } from "../events.ts";
import { optionalText } from "../scalars.ts";

const reactionSchema = z.object({ message_id: z.string().min(1), emoji: optionalText });

/** To which message a reaction is, and what. An emoji that is absent or "" takes the earlier one back. */
export function readReaction(type: string, message: JsonObject): MessageEvent["reaction"] {
  if (type !== "reaction") return null;
  const { data: reaction } = reactionSchema.safeParse(message["reaction"]);
  return reaction === undefined ? null : { wamid: reaction.message_id, emoji: reaction.emoji };
}
