import type { BusinessNumber } from "../options.ts";
import type { Customer } from "../store/types.ts";
import { type WireObject, messagesValue, wireContact, wireTime } from "./envelope.ts";

/** What a customer's message consists of on the wire. */
export interface InboundMessage {
  number: BusinessNumber;
  customer: Customer;
  id: string;
  time_ms: number;
  type: string;
  /** `type`'s own key and whatever else the sender gave (`referral`, `errors`, …). */
  fields: WireObject;
  context: WireObject | null;
}

/** The value of the change that brings a customer's message. */
export function inboundValue(message: InboundMessage): WireObject {
  const { number, customer } = message;
  return {
    ...messagesValue(number),
    // Meta's `system` messages come without contacts.
    ...(message.type !== "system" && {
      contacts: [wireContact(customer, { phone: customer.share_phone, username: true })],
    }),
    messages: [
      {
        ...(message.context && { context: message.context }),
        ...(customer.share_phone && { from: customer.phone }),
        from_user_id: customer.user_id,
        id: message.id,
        timestamp: wireTime(message.time_ms),
        type: message.type,
        ...message.fields,
      },
    ],
  };
}
