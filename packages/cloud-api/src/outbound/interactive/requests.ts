import { z } from "zod";
import { integer, line, list, matching, object, oneOf, text } from "../fields.ts";
import {
  MAX_BUTTON_LABEL_CHARACTERS,
  MAX_CALL_BUTTON_MINUTES,
  MAX_CALL_PAYLOAD_CHARACTERS,
} from "../limits.ts";
import { bodySchema, footerSchema, headerSchema, linkParametersSchema } from "./parts.ts";

// Messages with one button that asks the person for something.

/** A button that opens a web page. */
export const linkMessageSchema = object({
  type: oneOf(["cta_url"]),
  header: headerSchema.optional(),
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({ name: oneOf(["cta_url"]), parameters: linkParametersSchema }),
});

/** Asks where the person is. */
export const locationRequestSchema = object({
  type: oneOf(["location_request_message"]),
  body: bodySchema,
  action: object({ name: oneOf(["send_location"]) }),
});

/** Asks for the phone number of a person whom we know by user id alone. */
export const contactInfoRequestSchema = object({
  type: oneOf(["request_contact_info"]),
  body: bodySchema,
  action: object({ name: oneOf(["request_contact_info"]) }),
});

/** Asks whether the business may call. */
export const callPermissionRequestSchema = object({
  type: oneOf(["call_permission_request"]),
  body: bodySchema.optional(),
  action: object({ name: oneOf(["call_permission_request"]) }),
});

/** A button that calls the business. */
export const voiceCallSchema = object({
  type: oneOf(["voice_call"]),
  body: bodySchema,
  action: object({
    name: oneOf(["voice_call"]),
    parameters: object({
      display_text: line(MAX_BUTTON_LABEL_CHARACTERS).optional(),
      ttl_minutes: integer(1, MAX_CALL_BUTTON_MINUTES).optional(),
      payload: text({ max: MAX_CALL_PAYLOAD_CHARACTERS }).optional(),
    }).optional(),
  }),
});

/** The parts of an address as Meta names them for each country, such as in_pin_code. */
const addressValues = z.record(
  matching(/^[a-z_]{1,40}$/, "a field of an address", '"in_pin_code"'),
  text({ min: 0 }),
  { error: "must be an object of texts; write {…}" },
);

const MAX_SAVED_ADDRESSES = 100;

/** Asks for a postal address (India, Singapore). */
export const addressMessageSchema = object({
  type: oneOf(["address_message"]),
  header: headerSchema.optional(),
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({
    name: oneOf(["address_message"]),
    parameters: object({
      country: matching(/^[A-Z]{2}$/, "a country in two capital letters", '"IN"'),
      values: addressValues.optional(),
      saved_addresses: list(
        object({ id: text(), value: addressValues }),
        1,
        MAX_SAVED_ADDRESSES,
      ).optional(),
      validation_errors: addressValues.optional(),
    }),
  }),
});
