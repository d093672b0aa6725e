import type { JsonObject } from "../json/json.ts";

// Template messages with every kind of component, in the shape in which Meta's documentation has them.

export const link = (name: string) => ({ link: `https://www.example.com/assets/${name}` });

export const orderDetails: JsonObject = {
  reference_id: "order-4711_a.1",
  type: "digital-goods",
  payment_settings: [
    {
      type: "payment_gateway",
      payment_gateway: { type: "razorpay", configuration_name: "prod-config-05" },
    },
  ],
  currency: "INR",
  total_amount: { value: 21_000, offset: 100 },
  order: {
    status: "pending",
    items: [{ name: "Aloe", amount: { value: 20_000, offset: 100 }, quantity: 1 }],
    subtotal: { value: 20_000, offset: 100 },
    tax: { value: 1000, offset: 100, description: "GST" },
  },
};

const template = (name: string, components?: JsonObject[]): JsonObject => ({
  type: "template",
  template: { name, language: { code: "en_US" }, ...(components && { components }) },
});

const button = (sub_type: string, index: number | string, parameter: JsonObject): JsonObject => ({
  type: "button",
  sub_type,
  index,
  parameters: [parameter],
});

const card = (index: number): JsonObject => ({
  card_index: index,
  components: [
    { type: "header", parameters: [{ type: "image", image: { id: "24230790383178626" } }] },
    { type: "body", parameters: [{ type: "text", text: "10OFF" }] },
    button("quick_reply", 0, { type: "payload", payload: `more-${index}` }),
    button("url", 1, { type: "text", text: "blue-elf" }),
  ],
});

export const SAMPLE_TEMPLATES: Readonly<Record<string, JsonObject>> = {
  "without parameters": template("hello_world"),
  "positional parameters": template("order_confirmation", [
    { type: "header", parameters: [{ type: "text", text: "Pablo" }] },
    {
      type: "body",
      parameters: [
        { type: "text", text: "860198-230332" },
        { type: "currency", currency: { fallback_value: "$9.99", code: "USD", amount_1000: 9990 } },
        { type: "date_time", date_time: { fallback_value: "February 25, 2026" } },
      ],
    },
  ]),
  "named parameters": template("reservation_confirmation", [
    { type: "header", parameters: [{ type: "image", image: { id: "2871834006348767" } }] },
    {
      type: "body",
      parameters: [
        { type: "text", parameter_name: "number_of_guests", text: "4" },
        { type: "text", parameter_name: "day", text: "Saturday" },
      ],
    },
  ]),
  "a location header": template("order_delivery_update", [
    {
      type: "header",
      parameters: [
        {
          type: "location",
          location: { latitude: "37.4832", longitude: "-122.1487", name: "P", address: "1 Way" },
        },
      ],
    },
  ]),
  "a document header": template("invoice", [
    {
      type: "header",
      parameters: [{ type: "document", document: { ...link("1.pdf"), filename: "1.pdf" } }],
    },
  ]),
  "a code (OTP)": template("login_code", [
    { type: "body", parameters: [{ type: "text", text: "J$FpnYnP" }] },
    button("url", "0", { type: "text", text: "J$FpnYnP" }),
  ]),
  "quick replies and a link": template("appointment", [
    button("quick_reply", 0, { type: "payload", payload: "confirm" }),
    button("quick_reply", 1, { type: "payload", payload: "cancel" }),
    button("url", 2, { type: "text", text: "n3mtql" }),
  ]),
  "a limited-time offer with a code": template("limited_time_offer_caribbean", [
    { type: "header", parameters: [{ type: "image", image: { id: "1602186516975000" } }] },
    { type: "body", parameters: [{ type: "text", text: "Pablo" }] },
    {
      type: "limited_time_offer",
      parameters: [
        {
          type: "limited_time_offer",
          limited_time_offer: { expiration_time_ms: 1_698_562_800_000 },
        },
      ],
    },
    button("copy_code", 0, { type: "coupon_code", coupon_code: "CARIBE25" }),
    button("url", 1, { type: "text", text: "n3mtql" }),
  ]),
  "a flow": template("flow_template", [
    button("flow", "0", {
      type: "action",
      action: { flow_token: "unused", flow_action_data: { name: "Ada" } },
    }),
  ]),
  "a catalog": template("intro_catalog_offer", [
    button("catalog", 0, {
      type: "action",
      action: { thumbnail_product_retailer_id: "2lc20305pt" },
    }),
  ]),
  "several products": template("abandoned_cart", [
    button("mpm", 0, {
      type: "action",
      action: {
        thumbnail_product_retailer_id: "2lc20305pt",
        sections: [{ title: "Popular", product_items: [{ product_retailer_id: "2lc20305pt" }] }],
      },
    }),
  ]),
  "a media carousel": template("summer_carousel_promo", [
    { type: "body", parameters: [{ type: "text", text: "20OFF" }] },
    { type: "carousel", cards: [card(0), card(1)] },
  ]),
  "a product carousel": template("carousel_of_products", [
    {
      type: "carousel",
      cards: [0, 1].map((index) => ({
        card_index: index,
        components: [
          {
            type: "header",
            parameters: [
              {
                type: "product",
                product: { product_retailer_id: `sku-${index}`, catalog_id: "194836987003835" },
              },
            ],
          },
        ],
      })),
    },
  ]),
  "order details": template("item_back_in_stock", [
    button("order_details", 0, { type: "action", action: { order_details: orderDetails } }),
  ]),
  "an order's status": template("order_update", [
    {
      type: "order_status",
      parameters: [
        {
          type: "order_status",
          order_status: {
            reference_id: "order-4711",
            order: { status: "processing", description: "Packed" },
          },
        },
      ],
    },
  ]),
  "a call button": template("call_us", [
    {
      type: "button",
      sub_type: "voice_call",
      parameters: [
        { type: "ttl_minutes", ttl_minutes: 1440 },
        { type: "payload", payload: "support" },
      ],
    },
  ]),
  "another name for the link": template("offer_details", [
    {
      type: "tap_target_configuration",
      parameters: [
        {
          type: "tap_target_configuration",
          tap_target_configuration: [{ url: "https://www.example.com/", title: "Offer Details" }],
        },
      ],
    },
  ]),
  "through the Marketing Messages API": {
    ...template("summer_sale"),
    product_policy: "STRICT",
    message_activity_sharing: true,
    message_send_ttl_seconds: 43_200,
  },
};
