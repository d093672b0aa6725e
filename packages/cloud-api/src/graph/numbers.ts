import { z } from "zod";
import { optionalText } from "../webhook/scalars.ts";
import { checkId, withQuery } from "./graph-url.ts";
import { readBody, requestJson, type Connection } from "./request-json.ts";

/** What Meta says of a business phone number; null for what it does not say. */
export interface GraphNumber {
  display_phone_number: string | null;
  verified_name: string | null;
  /** GREEN, YELLOW, RED or UNKNOWN. */
  quality_rating: string | null;
  /** STANDARD is 80 messages a second, HIGH 1,000; NOT_APPLICABLE where the number cannot send. */
  throughput_level: string | null;
  /** CONNECTED, where it can send. */
  status: string | null;
  /** CLOUD_API, where it can send through it. */
  platform_type: string | null;
  /** Coexistence: the number is in the WhatsApp Business app too, and sends 20 messages a second. */
  is_on_business_app: boolean | null;
}

export interface GraphNumbers {
  get(phone_number_id: string): Promise<GraphNumber>;
}

const FIELDS =
  "id,display_phone_number,verified_name,quality_rating,throughput,status,platform_type,is_on_biz_app";

const numberSchema = z
  .object({
    display_phone_number: optionalText,
    verified_name: optionalText,
    quality_rating: optionalText,
    throughput: z.object({ level: optionalText }).nullable().catch(null),
    status: optionalText,
    platform_type: optionalText,
    is_on_biz_app: z.boolean().nullable().catch(null),
  })
  .transform(({ throughput, is_on_biz_app, ...number }) => ({
    ...number,
    throughput_level: throughput?.level ?? null,
    is_on_business_app: is_on_biz_app,
  }));

export function createGraphNumbers(connection: Connection, root: string): GraphNumbers {
  return {
    async get(phone_number_id) {
      const path = checkId("phone_number_id", phone_number_id);
      const url = withQuery(`${root}/${path}`, { fields: FIELDS });
      return readBody(numberSchema, await requestJson(connection, { method: "GET", url }));
    },
  };
}
