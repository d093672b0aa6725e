import { z } from "zod";
import type { JsonObject } from "../json/json.ts";
import type { EventSource } from "./events.ts";
import { optionalText } from "./scalars.ts";

const valueSchema = z.object({
  metadata: z
    .object({ phone_number_id: optionalText, display_phone_number: optionalText })
    .nullable()
    .catch(null),
  display_phone_number: optionalText,
  event: optionalText,
  waba_info: z.object({ waba_id: optionalText }).nullable().catch(null),
});

/** Reads where a change came from; what it does not say is null. */
export function readSource(
  entry_id: string | null,
  field: string,
  change: JsonObject,
): EventSource {
  const { data: value } = valueSchema.safeParse(change["value"]);
  const is_portfolio =
    field === "partner_solutions" ||
    (field === "account_update" && value?.event?.startsWith("PARTNER_") === true);
  return {
    field,
    // In these the entry's id is a business portfolio's, and the account stands in the value.
    waba_id: is_portfolio ? (value?.waba_info?.waba_id ?? null) : entry_id,
    phone_number_id: value?.metadata?.phone_number_id ?? null,
    display_phone_number:
      value?.metadata?.display_phone_number ?? value?.display_phone_number ?? null,
  };
}
