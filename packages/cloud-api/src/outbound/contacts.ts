import { list, matching, object, text } from "./fields.ts";
import { say } from "./issues.ts";
import { MAX_CONTACTS } from "./limits.ts";

const word = text().optional();
/** Meta gives no limit for these lists; no person has more. */
const MAX_ENTRIES = 100;

const addressSchema = object({
  street: word,
  city: word,
  state: word,
  zip: word,
  country: word,
  country_code: word,
  type: word,
});

const nameSchema = object({
  formatted_name: text(),
  first_name: word,
  last_name: word,
  middle_name: word,
  suffix: word,
  prefix: word,
}).refine((name) => Object.values(name).filter((part) => part !== undefined).length > 1, {
  // Meta refuses a name that is formatted_name alone.
  error: say("needs one more part beside formatted_name", "add first_name or last_name"),
});

const phoneEntrySchema = object({
  phone: word,
  type: word,
  /** With it the card has a "Message" button, without it an invitation. */
  wa_id: matching(/^\d{5,20}$/, "digits of a WhatsApp number", '"19175559999"').optional(),
});

const contactSchema = object({
  name: nameSchema,
  addresses: list(addressSchema, 0, MAX_ENTRIES).optional(),
  birthday: matching(/^\d{4}-\d{2}-\d{2}$/, "a date", '"1999-01-23"').optional(),
  emails: list(object({ email: word, type: word }), 0, MAX_ENTRIES).optional(),
  org: object({ company: word, department: word, title: word }).optional(),
  phones: list(phoneEntrySchema, 0, MAX_ENTRIES).optional(),
  urls: list(object({ url: word, type: word }), 0, MAX_ENTRIES).optional(),
});

export const contactsPartSchema = list(contactSchema, 1, MAX_CONTACTS);
