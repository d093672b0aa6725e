import { z } from "zod";
import { freeObject, integer, list, object, oneOf, text } from "../fields.ts";
import { orderDetailsSchema } from "../interactive/orders.ts";
import { checkProductSections, productSectionSchema } from "../interactive/products.ts";
import { unknownType } from "../interactive/parts.ts";
import { say } from "../issues.ts";
import {
  MAX_CALL_BUTTON_MINUTES,
  MAX_CALL_PAYLOAD_CHARACTERS,
  MAX_COUPON_CODE_CHARACTERS,
  MAX_PRODUCT_SECTIONS,
  MAX_QUICK_REPLY_PAYLOAD_CHARACTERS,
  MAX_TEMPLATE_BUTTONS,
  MAX_TEMPLATE_URL_CHARACTERS,
} from "../limits.ts";

const INDEX = say(
  `must be a whole number from 0 to ${MAX_TEMPLATE_BUTTONS - 1}`,
  "count the template's buttons from 0",
);

/** Which of the template's buttons it is, from 0. Meta's examples write it as text too. */
const index = z.union(
  [
    integer(0, MAX_TEMPLATE_BUTTONS - 1),
    z.string().regex(/^\d$/, { error: INDEX }).transform(Number),
  ],
  {
    error: ({ input }) =>
      input === undefined
        ? say("is missing", "say which button of the template it is, from 0")
        : INDEX,
  },
);

/** A button that opens the address in the template with this at its end. Also the code of an OTP button. */
const urlButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["url"]),
  index,
  parameters: list(
    object({ type: oneOf(["text"]), text: text({ max: MAX_TEMPLATE_URL_CHARACTERS }) }),
    1,
    1,
  ),
});

const payload = (max: number) => object({ type: oneOf(["payload"]), payload: text({ max }) });

const quickReplyButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["quick_reply"]),
  index,
  parameters: list(payload(MAX_QUICK_REPLY_PAYLOAD_CHARACTERS), 1, 1),
});

const copyCodeButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["copy_code"]),
  index,
  parameters: list(
    object({
      type: oneOf(["coupon_code"]),
      coupon_code: text({ max: MAX_COUPON_CODE_CHARACTERS }),
    }),
    1,
    1,
  ),
});

/** A button whose one parameter is an action. */
function actionParameters<Action extends z.core.$ZodType>(action: Action) {
  return list(object({ type: oneOf(["action"]), action }), 1, 1);
}

const flowButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["flow"]),
  index,
  parameters: actionParameters(
    object({ flow_token: text().optional(), flow_action_data: freeObject().optional() }),
  ),
});

const catalogButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["catalog"]),
  index,
  parameters: actionParameters(object({ thumbnail_product_retailer_id: text().optional() })),
});

const multiProductButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["mpm"]),
  index,
  parameters: actionParameters(
    object({
      thumbnail_product_retailer_id: text(),
      sections: list(productSectionSchema, 1, MAX_PRODUCT_SECTIONS),
    }).superRefine(({ sections }, context) => {
      checkProductSections(sections, context, ["sections"]);
    }),
  ),
});

const orderDetailsButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["order_details"]),
  index,
  parameters: actionParameters(object({ order_details: orderDetailsSchema })),
});

const voiceCallParameter = z.discriminatedUnion(
  "type",
  [
    object({ type: oneOf(["ttl_minutes"]), ttl_minutes: integer(1, MAX_CALL_BUTTON_MINUTES) }),
    payload(MAX_CALL_PAYLOAD_CHARACTERS),
  ],
  { error: unknownType(["ttl_minutes", "payload"]) },
);

const voiceCallButton = object({
  type: oneOf(["button"]),
  sub_type: oneOf(["voice_call"]),
  index: index.optional(),
  parameters: list(voiceCallParameter, 0, 2),
});

const SUB_TYPES = "url, quick_reply, copy_code, flow, catalog, mpm, order_details, voice_call";

export const buttonComponentSchema = z.discriminatedUnion(
  "sub_type",
  [
    urlButton,
    quickReplyButton,
    copyCodeButton,
    flowButton,
    catalogButton,
    multiProductButton,
    orderDetailsButton,
    voiceCallButton,
  ],
  { error: () => say("is not known", `write one of ${SUB_TYPES}`) },
);

export type ButtonComponent = z.infer<typeof buttonComponentSchema>;
