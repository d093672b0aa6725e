import { z } from "zod";
import { replyButtonsSchema } from "./buttons.ts";
import { carouselSchema } from "./carousel.ts";
import { flowMessageSchema } from "./flow.ts";
import { listMessageSchema } from "./list.ts";
import { orderDetailsMessageSchema, orderStatusMessageSchema } from "./orders.ts";
import { unknownType } from "./parts.ts";
import { catalogMessageSchema, productListSchema, productMessageSchema } from "./products.ts";
import {
  addressMessageSchema,
  callPermissionRequestSchema,
  contactInfoRequestSchema,
  linkMessageSchema,
  locationRequestSchema,
  voiceCallSchema,
} from "./requests.ts";

/** Every kind of interactive message that Meta sends, by its `type`. */
export const INTERACTIVE_TYPES = [
  "button",
  "list",
  "cta_url",
  "flow",
  "location_request_message",
  "address_message",
  "request_contact_info",
  "call_permission_request",
  "voice_call",
  "product",
  "product_list",
  "catalog_message",
  "carousel",
  "order_details",
  "order_status",
] as const;

export const interactivePartSchema = z.discriminatedUnion(
  "type",
  [
    replyButtonsSchema,
    listMessageSchema,
    linkMessageSchema,
    flowMessageSchema,
    locationRequestSchema,
    addressMessageSchema,
    contactInfoRequestSchema,
    callPermissionRequestSchema,
    voiceCallSchema,
    productMessageSchema,
    productListSchema,
    catalogMessageSchema,
    carouselSchema,
    orderDetailsMessageSchema,
    orderStatusMessageSchema,
  ],
  { error: unknownType(INTERACTIVE_TYPES) },
);

export type InteractivePart = z.infer<typeof interactivePartSchema>;
