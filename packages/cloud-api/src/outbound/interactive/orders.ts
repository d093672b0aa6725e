import { z } from "zod";
import { freeObject, integer, list, matching, object, oneOf, text } from "../fields.ts";
import { say } from "../issues.ts";
import { MAX_ORDER_DESCRIPTION_CHARACTERS, MAX_REFERENCE_CHARACTERS } from "../limits.ts";
import { bodySchema, footerSchema, headerSchema } from "./parts.ts";

// Payments (India, Brazil, Singapore). What differs from country to country, and changes often (payment_settings,
// shipping_info), is checked for its form alone.

const referenceId = matching(
  new RegExp(`^[A-Za-z0-9_.-]{1,${MAX_REFERENCE_CHARACTERS}}$`),
  `at most ${MAX_REFERENCE_CHARACTERS} letters, digits, _, - or .`,
  '"order-4711"',
);

/** `value` / `offset`: 50000 and 100 are 500.00. */
const amount = {
  value: integer(0, Number.MAX_SAFE_INTEGER),
  offset: integer(1, 1_000_000),
};
const amountSchema = object(amount);
const describedAmountSchema = object({ ...amount, description: text().optional() });

const MAX_ITEMS = 999;

const itemSchema = object({
  retailer_id: text().optional(),
  name: text(),
  image: object({ link: text() }).optional(),
  amount: amountSchema,
  sale_amount: amountSchema.optional(),
  quantity: integer(1, Number.MAX_SAFE_INTEGER),
  country_of_origin: text().optional(),
  importer_name: text().optional(),
  importer_address: freeObject().optional(),
});

const orderSchema = object({
  status: oneOf(["pending"]),
  type: oneOf(["quick_pay"]).optional(),
  catalog_id: text().optional(),
  expiration: object({ timestamp: text(), description: text() }).optional(),
  items: list(itemSchema, 0, MAX_ITEMS).optional(),
  subtotal: amountSchema.optional(),
  tax: describedAmountSchema.optional(),
  shipping: describedAmountSchema.optional(),
  discount: object({
    ...amount,
    description: text().optional(),
    discount_program_name: text().optional(),
  }).optional(),
});

/** The order that a person reviews and pays; the same in an interactive message and in a template's button. */
export const orderDetailsSchema = object({
  reference_id: referenceId,
  type: oneOf(["digital-goods", "physical-goods"]),
  payment_type: text().optional(),
  payment_configuration: text().optional(),
  payment_settings: list(freeObject(), 1, 10).optional(),
  currency: matching(/^[A-Z]{3}$/, "a currency in three capital letters", '"INR"'),
  total_amount: amountSchema,
  order: orderSchema.optional(),
  shipping_info: freeObject().optional(),
  beneficiaries: list(freeObject(), 1, 10).optional(),
});

export const orderDetailsMessageSchema = object({
  type: oneOf(["order_details"]),
  header: headerSchema.optional(),
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({ name: oneOf(["review_and_pay"]), parameters: orderDetailsSchema }),
});

export const orderStatusSchema = object({
  reference_id: referenceId,
  order: object({
    status: oneOf([
      "pending",
      "processing",
      "partially_shipped",
      "shipped",
      "completed",
      "canceled",
    ]),
    description: text({ max: MAX_ORDER_DESCRIPTION_CHARACTERS }).optional(),
  }).optional(),
  payment: object({
    status: oneOf(["pending", "captured", "failed"]),
    timestamp: z
      .union([integer(0, Number.MAX_SAFE_INTEGER), text()], {
        error: say("must be Unix seconds", "write a whole number"),
      })
      .optional(),
  }).optional(),
}).refine(({ order, payment }) => order !== undefined || payment !== undefined, {
  error: say("says no status", "give order or payment"),
});

/** How far an order is. */
export const orderStatusMessageSchema = object({
  type: oneOf(["order_status"]),
  header: headerSchema.optional(),
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({ name: oneOf(["review_order"]), parameters: orderStatusSchema }),
});
