import type { BusinessNumber } from "../options.ts";
import type { Customer } from "../store/types.ts";
import { phoneDigits } from "../phone.ts";

/** What is absent on the wire is an absent key: Meta leaves out, it does not write `null`. */
export type WireObject = { [key: string]: unknown };

/** A whole webhook body around the value of one change. `time`, in seconds, is on what concerns the account. */
export function webhookBody(
  waba_id: string,
  value: unknown,
  { field = "messages", time }: { field?: string; time?: number } = {},
): WireObject {
  const entry = { id: waba_id, ...(time !== undefined && { time }), changes: [{ value, field }] };
  return { object: "whatsapp_business_account", entry: [entry] };
}

/** The start of every `messages` value. */
export function messagesValue(number: BusinessNumber): WireObject {
  return {
    messaging_product: "whatsapp",
    metadata: {
      display_phone_number: phoneDigits(number.display_phone_number),
      phone_number_id: number.phone_number_id,
    },
  };
}

/** Unix seconds as a string, as Meta writes them in messages and statuses. */
export function wireTime(time_ms: number): string {
  return String(Math.floor(time_ms / 1000));
}

/** One of `contacts[]`: `wa_id` only where the business may know the phone. */
export function wireContact(
  customer: Customer,
  show: { phone: boolean; username: boolean },
): WireObject {
  return {
    profile: {
      name: customer.name,
      ...(show.username && customer.username !== null && { username: customer.username }),
    },
    ...(show.phone && { wa_id: customer.phone }),
    user_id: customer.user_id,
  };
}
