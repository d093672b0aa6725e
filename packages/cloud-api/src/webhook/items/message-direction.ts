import type { ItemContext } from "../context.ts";
import type { DeliveryStatus, Direction, MessageEvent } from "../events.ts";
import type { Message } from "./message-schema.ts";

/**
 * Who wrote an element of `messages[]`. What comes live is a person's; the history of a phone and what it echoes
 * hold both sides, told apart by the business's own number.
 */
export function readDirection(
  message: Message,
  { origin, source }: Pick<ItemContext, "origin" | "source">,
): Direction {
  if (origin === "live" || origin === "standby") return "inbound";
  if (message.from_user_id !== null) return "inbound";
  if (message.from !== null) {
    return isSameLine(message.from, source.display_phone_number) ? "outbound" : "inbound";
  }
  // Nobody is named as the sender: only what the business wrote is addressed to somebody.
  return (message.to_user_id ?? message.to) === null ? "inbound" : "outbound";
}

/**
 * Whether digits are those of a number as Meta writes it for people. In Brazil, Mexico and Argentina the same line is
 * written with and without one digit behind the country code.
 */
function isSameLine(phone: string, display_phone_number: string | null): boolean {
  const digits = display_phone_number?.replaceAll(/\D/g, "") ?? "";
  if (phone === digits) return true;
  const is_one_digit_apart = Math.abs(phone.length - digits.length) === 1 && digits.length > 10;
  return (
    is_one_digit_apart &&
    phone.slice(0, 2) === digits.slice(0, 2) &&
    phone.slice(-8) === digits.slice(-8)
  );
}

const HISTORY_STATUS: ReadonlyMap<string, DeliveryStatus> = new Map([
  ["SENT", "sent"],
  ["DELIVERED", "delivered"],
  ["READ", "read"],
  ["PLAYED", "played"],
  ["ERROR", "failed"],
]);

/** An echo has been sent, else there would be none. The history says of each message how far it had come. */
export function readDeliveryStatus(
  message: Message,
  { direction, origin }: Pick<MessageEvent, "direction" | "origin">,
): DeliveryStatus | null {
  if (direction === "inbound") return null;
  if (origin !== "history") return "sent";
  return HISTORY_STATUS.get(message.history_context?.status?.toUpperCase() ?? "") ?? null;
}
