import { z } from "zod";
import type { JsonObject } from "../json/json.ts";
import type { EventSource } from "./events.ts";
import { optionalText } from "./scalars.ts";

/** The business number, where an object names it. */
const numberSchema = z
  .object({ phone_number_id: optionalText, display_phone_number: optionalText })
  .nullable()
  .catch(null);

const valueSchema = z.object({
  metadata: numberSchema,
  phone_number_id: optionalText,
  display_phone_number: optionalText,
  // messaging_handovers: the number is the recipient of the conversation.
  recipient: numberSchema,
  // account_settings_update.
  phone_number_settings: numberSchema,
  // account_update: the number, as digits.
  phone_number: optionalText,
  // account_alerts: entity_id is the number's where entity_type says so.
  entity_type: optionalText,
  entity_id: optionalText,
  event: optionalText,
  waba_info: z.object({ waba_id: optionalText }).nullable().catch(null),
});

type Value = z.infer<typeof valueSchema>;

/** Reads where a change came from; what it does not say is null. */
export function readSource(
  entry_id: string | null,
  field: string,
  change: JsonObject,
): EventSource {
  const { data: value } = valueSchema.safeParse(change["value"]);
  if (value === undefined) return { ...NOWHERE, field, waba_id: readAccount(entry_id, field) };
  return {
    field,
    waba_id: value.waba_info?.waba_id ?? readAccount(entry_id, field, value.event),
    ...readNumber(field, value),
  };
}

const NOWHERE: Omit<EventSource, "field" | "waba_id"> = {
  phone_number_id: null,
  display_phone_number: null,
};

/** In these the entry's id is a business portfolio's, and the account stands in the value, if anywhere. */
function readAccount(entry_id: string | null, field: string, event?: string | null): string | null {
  const is_portfolio =
    field === "partner_solutions" ||
    (field === "account_update" && event?.startsWith("PARTNER_") === true);
  return is_portfolio ? null : entry_id;
}

function readNumber(field: string, value: Value): typeof NOWHERE {
  const { metadata, recipient, phone_number_settings: settings } = value;
  const alerted = value.entity_type === "PHONE_NUMBER" ? value.entity_id : null;
  return {
    phone_number_id:
      metadata?.phone_number_id ??
      value.phone_number_id ??
      recipient?.phone_number_id ??
      settings?.phone_number_id ??
      alerted,
    display_phone_number:
      metadata?.display_phone_number ??
      value.display_phone_number ??
      recipient?.display_phone_number ??
      (field === "account_update" ? value.phone_number : null),
  };
}
