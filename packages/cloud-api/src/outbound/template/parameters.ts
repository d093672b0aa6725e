import { z } from "zod";
import { integer, line, list, matching, metaId, object, oneOf, text, url } from "../fields.ts";
import { unknownType } from "../interactive/parts.ts";
import { say } from "../issues.ts";
import { locationPartSchema } from "../location.ts";
import { headerDocumentSchema, plainMediaSchema } from "../media.ts";

/** Named parameters carry the name that the template has for them, positional ones nothing. */
const parameter_name = matching(
  /^[a-z0-9_]{1,100}$/,
  "a name in lower case, digits and _",
  '"first_name"',
).optional();

/** Meta refuses values with line breaks, tabs or more than four spaces in a row (132018, once 100). */
const valueText = text().refine((value) => !/[\r\n\t]| {5}/.test(value), {
  error: say(
    "must not hold line breaks, tabs or more than four spaces in a row",
    "put the line breaks into the template",
  ),
});

const textParameter = object({ type: oneOf(["text"]), parameter_name, text: valueText });

/** `fallback_value` is what is shown; Meta localises no more. */
const currencyParameter = object({
  type: oneOf(["currency"]),
  parameter_name,
  currency: object({
    fallback_value: valueText,
    code: matching(/^[A-Z]{3}$/, "a currency in three capital letters", '"USD"'),
    /** The amount times 1000. */
    amount_1000: integer(0, Number.MAX_SAFE_INTEGER),
  }),
});

const dateTimeParameter = object({
  type: oneOf(["date_time"]),
  parameter_name,
  date_time: object({ fallback_value: valueText }),
});

const imageParameter = object({ type: oneOf(["image"]), image: plainMediaSchema });
const videoParameter = object({ type: oneOf(["video"]), video: plainMediaSchema });
/** Marketing Messages alone: an MP4 that plays by itself. */
const gifParameter = object({ type: oneOf(["gif"]), gif: plainMediaSchema });
const documentParameter = object({ type: oneOf(["document"]), document: headerDocumentSchema });
const locationParameter = object({ type: oneOf(["location"]), location: locationPartSchema });
const productParameter = object({
  type: oneOf(["product"]),
  product: object({ product_retailer_id: text(), catalog_id: metaId() }),
});

export const headerParameterSchema = z.discriminatedUnion(
  "type",
  [
    textParameter,
    currencyParameter,
    dateTimeParameter,
    imageParameter,
    videoParameter,
    gifParameter,
    documentParameter,
    locationParameter,
    productParameter,
  ],
  { error: unknownType(["text", "image", "video", "gif", "document", "location", "product"]) },
);

export const bodyParameterSchema = z.discriminatedUnion(
  "type",
  [textParameter, currencyParameter, dateTimeParameter],
  { error: unknownType(["text", "currency", "date_time"]) },
);

export type BodyParameter = z.infer<typeof bodyParameterSchema>;
export type HeaderParameter = z.infer<typeof headerParameterSchema>;

export const offerParameterSchema = object({
  type: oneOf(["limited_time_offer"]),
  limited_time_offer: object({
    /** Unix milliseconds. */
    expiration_time_ms: integer(1, Number.MAX_SAFE_INTEGER),
  }),
});

/** What the link of a URL button shows as when it is long-pressed. */
export const tapTargetParameterSchema = object({
  type: oneOf(["tap_target_configuration"]),
  tap_target_configuration: list(object({ url: url(), title: line(100) }), 1, 1),
});
