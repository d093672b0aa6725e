import { z } from "zod";
import type { JsonObject, JsonValue } from "../json/json.ts";

// Readers for the parts of Meta's bodies that may be absent, empty or of another type from one webhook to the
// next. None of them fails: what cannot be used reads as null, and the event around it lives.

/** A string that says something. Meta writes "" as well as nothing for "not known". */
export const optionalText = z.string().min(1).nullable().catch(null);

/** Without the @ that Meta puts in front at some places. */
export const optionalUsername = optionalText.transform((name) => name?.replace(/^@/, "") ?? null);

const phone = z
  .string()
  .regex(/^\+?\d{1,20}$/)
  .transform((text) => text.replace("+", ""));

/** Digits of a phone number as in wa_id, no plus. Placeholders and group ids are not numbers. */
export const optionalPhone = phone.nullable().catch(null);

/** The same of a number that people wrote, who put spaces, dashes and brackets between the digits. */
export const optionalWrittenPhone = z
  .string()
  .transform((text) => text.replaceAll(/[\s().-]/g, ""))
  .pipe(phone)
  .nullable()
  .catch(null);

/** 9999-12-31T23:59:59Z: later years take a form of ISO 8601 that Postgres does not read. */
const LAST_SECOND = 253_402_300_799;

/** Unix seconds, as text in messages and as a number in entries, to ISO 8601 UTC. */
export const optionalTimestamp = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.int().min(1).max(LAST_SECOND))
  .transform((seconds) => new Date(seconds * 1000).toISOString())
  .nullable()
  .catch(null);

/** A span of whole seconds, as a number or as text. Fits Postgres' integer. */
export const optionalSeconds = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.int32().min(0))
  .nullable()
  .catch(null);

/** A UUID in lower case: our own message id, where Meta echoes what we sent along. */
export const optionalUuid = z.guid().toLowerCase().nullable().catch(null);

export const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "expected an object",
);

export const optionalObject = jsonObject.nullable().catch(null);

/** Any JSON at all: input has been through toStorable, so there is nothing left to check. */
export const anyJson = z.custom<JsonValue>();

/** An array of any JSON; what is none reads as empty. */
export const anyList = z.array(anyJson).catch([]);
