import { z } from "zod";
import type { JsonValue } from "../../json/json.ts";
import type { StatusError } from "../events.ts";
import { optionalText } from "../scalars.ts";

const errorSchema = z.object({
  code: z.int32(),
  title: optionalText,
  message: optionalText,
  error_data: z.object({ details: optionalText }).nullable().catch(null),
  href: optionalText,
});

/** The first of Meta's errors that can be read. */
export function readError(errors: readonly JsonValue[]): StatusError | null {
  for (const item of errors) {
    const { data: error } = errorSchema.safeParse(item);
    if (error !== undefined) {
      const { code, title, message, href } = error;
      return { code, title, message, details: error.error_data?.details ?? null, href };
    }
  }
  return null;
}
