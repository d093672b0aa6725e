import { z } from "zod";

/** Digits of an international number with its country code. E.164 allows 15; no country's are under 7. */
const INTERNATIONAL = /^\+[1-9]\d{6,14}$/;

/** What people write between digits: spaces and dashes of any kind, parentheses; and marks that copying leaves. */
const SEPARATORS = /[\s()\p{Pd}\p{Cf}]/gu;

const EXAMPLE = "write it as +49 151 23456789";

/**
 * A phone number as a person writes it, to digits without plus as in Meta's wa_id. Spaces, dashes and
 * parentheses are allowed, plus and country code are required: without them Meta would put the business
 * number's own country code in front.
 */
export const phoneSchema = z.string(`must be text; ${EXAMPLE}`).transform((phone, context) => {
  const problem = findProblem(phone);
  if (problem !== null) {
    context.addIssue({ code: "custom", message: `${problem}; ${EXAMPLE}` });
    return z.NEVER;
  }
  return phone.replaceAll(SEPARATORS, "").slice(1);
});

function findProblem(phone: string): string | null {
  const compact = phone.replaceAll(SEPARATORS, "");
  if (compact === "") return "is empty";
  if (!compact.startsWith("+")) return "must start with + and the country code";
  // The zero is dialled inside the country only; with the country code it makes another number.
  if (/\(\s*0\s*\)/.test(phone)) return "must not contain (0)";
  if (!/^\+\d*$/.test(compact)) return "may hold only digits, spaces, dashes and parentheses";
  if (compact.startsWith("+0"))
    return "must have a country code after +, which never starts with 0";
  if (!INTERNATIONAL.test(compact)) return "must have 7 to 15 digits with the country code";
  return null;
}
