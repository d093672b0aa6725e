import { z } from "zod";
import { object, text } from "./fields.ts";
import { say } from "./issues.ts";

/** Degrees, as a number or, as Meta's own examples have it, as text. */
function degrees(limit: number) {
  const error = say(`must be degrees from -${limit} to ${limit}`, "write it as 37.4421");
  return z
    .union([z.number(), z.string().regex(/^-?\d{1,3}(\.\d{1,20})?$/, { error })], {
      error: (issue) => (issue.input === undefined ? say("is missing", "add it") : error),
    })
    .refine((value) => Math.abs(Number(value)) <= limit, { error });
}

export const locationPartSchema = object({
  latitude: degrees(90),
  longitude: degrees(180),
  name: text().optional(),
  address: text().optional(),
});
