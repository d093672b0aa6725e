import { expect, test } from "vitest";
import { MARA, arrived, createReceiver, send, sendOk, valueOf } from "../test-support.ts";
import { BODY, ORDER, bodyOf, start, template, text } from "./test-templates.ts";

const RICH = {
  name: "rich",
  category: "MARKETING" as const,
  components: [
    { type: "HEADER", format: "IMAGE", example: {} },
    { ...BODY, text: "Hi {{1}}!" },
    { type: "FOOTER", text: "Bye" },
    {
      type: "BUTTONS",
      buttons: [
        { type: "QUICK_REPLY", text: "Stop" },
        { type: "URL", text: "Shop", url: "https://example.com/{{1}}" },
        { type: "COPY_CODE", example: "X" },
      ],
    },
  ],
};
const image = {
  type: "header",
  parameters: [{ type: "image", image: { link: "https://a.example/b.png" } }],
};
const shop = { type: "button", sub_type: "url", index: "1", parameters: [text("sale")] };
const code = {
  type: "button",
  sub_type: "copy_code",
  index: 2,
  parameters: [{ type: "coupon_code", coupon_code: "SAVE" }],
};
const stop = {
  type: "button",
  sub_type: "quick_reply",
  index: "0",
  parameters: [{ type: "payload", payload: "STOP-1" }],
};

test("a template is filled in, its buttons reply with their payload", async () => {
  const { url, received } = await createReceiver();
  const emulator = start();
  emulator.updateSettings({ webhook_url: url, statuses: false });
  emulator.addTemplate(RICH);
  const message_id = await sendOk(
    emulator,
    template("rich", [image, bodyOf("Mara"), stop, shop, code]),
  );
  expect(emulator.customerMessages(MARA)).toMatchObject([
    {
      view: {
        header: { media: { kind: "image", link: "https://a.example/b.png" } },
        body: "Hi Mara!",
        footer: "Bye",
        choices: [
          { label: "Stop" },
          { label: "Shop", href: "https://example.com/sale" },
          { label: "Copy code SAVE" },
        ],
      },
    },
  ]);
  emulator.press(MARA, { message_id, choice: "Stop" });
  await arrived(received, 1);
  expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toMatchObject({
    messages: [
      {
        type: "button",
        button: { payload: "STOP-1", text: "Stop" },
        context: { id: message_id },
      },
    ],
  });
});

test.each([
  ["too few values", [image, bodyOf(), shop, code], 132000],
  ["too many values", [image, bodyOf("a", "b"), shop, code], 132000],
  ["no header", [bodyOf("a"), shop, code], 132012],
  [
    "a header of another kind",
    [{ type: "header", parameters: [text("x")] }, bodyOf("a"), shop, code],
    132012,
  ],
  ["a line break", [image, bodyOf("a\nb"), shop, code], 132018],
  ["five spaces", [image, bodyOf("a     b"), shop, code], 132018],
  ["an empty value", [image, bodyOf(""), shop, code], 131009],
  ["a text too long", [image, bodyOf("x".repeat(1024)), shop, code], 132005],
  ["no value for the link", [image, bodyOf("a"), code], 131008],
  ["no code to copy", [image, bodyOf("a"), shop], 131008],
  ["a button that is another", [image, bodyOf("a"), { ...shop, index: 0 }, code], 132012],
  ["a button that is not there", [image, bodyOf("a"), shop, code, { ...shop, index: 5 }], 132018],
  [
    "a picture never uploaded",
    [
      { type: "header", parameters: [{ type: "image", image: { id: "1" } }] },
      bodyOf("a"),
      shop,
      code,
    ],
    100,
  ],
])("%s is refused", async (_name, components, expected) => {
  const emulator = start();
  emulator.addTemplate(RICH);
  expect(await send(emulator, template("rich", components))).toMatchObject({
    status: 400,
    body: { error: { code: expected } },
  });
  expect(emulator.accepted()).toEqual([]);
});

test.each([
  ["PAUSED", 400, 132015],
  ["DISABLED", 400, 132016],
  ["PENDING", 404, 132001],
  ["REJECTED", 404, 132001],
] as const)("a template that is %s is refused with its code", async (...row) => {
  const [status, http, expected] = row;
  const emulator = start();
  emulator.addTemplate({ ...ORDER, status });
  const answer = await send(emulator, template("order_update", [bodyOf("a", "b")]));
  expect(answer).toMatchObject({ status: http, body: { error: { code: expected } } });
});

test("a template exists in its languages only", async () => {
  const answer = await send(start(), template("hello_world", [], "de"));
  expect(answer).toMatchObject({
    status: 404,
    body: {
      error: { error_data: { details: "template name (hello_world) does not exist in de" } },
    },
  });
});

test("named variables are filled by name, in any order", async () => {
  const emulator = start();
  const body = { type: "BODY", text: "Hi {{first_name}}, code {{code}}." };
  emulator.addTemplate({ name: "named", parameter_format: "NAMED", components: [body] });
  const parameters = [
    text("X7", { parameter_name: "code" }),
    text("Mara", { parameter_name: "first_name" }),
  ];
  await sendOk(emulator, template("named", [{ type: "body", parameters }]));
  expect(emulator.customerMessages(MARA)[0]?.view?.body).toBe("Hi Mara, code X7.");
  const unnamed = template("named", [bodyOf("a", "b")]);
  expect(await send(emulator, unnamed)).toMatchObject({ body: { error: { code: 132012 } } });
});

test("a carousel has as many cards as its template, each filled in", async () => {
  const emulator = start();
  const card = {
    components: [
      { type: "HEADER", format: "IMAGE" },
      { type: "BODY", text: "Card {{1}}.", example: {} },
      { type: "BUTTONS", buttons: [{ type: "QUICK_REPLY", text: "This" }] },
    ],
  };
  emulator.addTemplate({
    name: "slides",
    category: "MARKETING",
    components: [
      { type: "BODY", text: "Look" },
      { type: "CAROUSEL", cards: [card, card] },
    ],
  });
  const filled = (value: string) => ({ components: [image, bodyOf(value)] });
  const cards = [filled("one"), filled("two")];
  const message_id = await sendOk(emulator, template("slides", [{ type: "carousel", cards }]));
  const [message] = emulator.customerMessages(MARA);
  expect(message?.view?.cards.map(({ body }) => body)).toEqual(["Card one.", "Card two."]);
  expect(emulator.press(MARA, { message_id, choice: "card-1-0" }).id).toMatch(/^wamid/);
  const one = template("slides", [{ type: "carousel", cards: [filled("one")] }]);
  expect(await send(emulator, one)).toMatchObject({ body: { error: { code: 132012 } } });
});

test("a code needs a phone: a user id gets 131062", async () => {
  const emulator = start();
  const { user_id } = emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.addTemplate({
    name: "otp",
    category: "AUTHENTICATION",
    components: [{ type: "BODY" }, { type: "BUTTONS", buttons: [{ type: "OTP", text: "Copy" }] }],
  });
  const button = { type: "button", sub_type: "url", index: "0", parameters: [text("123")] };
  const message = template("otp", [bodyOf("123"), button]);
  expect(await send(emulator, { ...message, to: undefined, recipient: user_id })).toMatchObject({
    status: 400,
    body: { error: { code: 131062 } },
  });
  await sendOk(emulator, message);
  expect(emulator.customerMessages(MARA)[0]?.view?.body).toBe("*123* is your verification code.");
});

const header = (type: string, content: object) => ({
  type: "header",
  parameters: [{ type, [type]: content }],
});
const button = (sub_type: string, parameter: object) => ({
  type: "button",
  sub_type,
  index: "0",
  parameters: [parameter],
});
const product = { product_retailer_id: "sku", catalog_id: "1" };
const product_card = { components: [{ type: "HEADER", format: "PRODUCT" }] };
const offer = { type: "limited_time_offer", limited_time_offer: { expiration_time_ms: 1 } };
const place = { latitude: "1", longitude: "2", name: "A", address: "B" };
const buttonOf = (type: string, more: object = {}) => [
  { type: "BODY", text: "Look" },
  { type: "BUTTONS", buttons: [{ type, text: "Go", ...more }] },
];

test.each([
  [
    "a place in the header",
    [
      { type: "HEADER", format: "LOCATION" },
      { type: "BODY", text: "Here" },
    ],
    [header("location", place)],
    132012,
  ],
  [
    "an offer that ends",
    [
      { type: "BODY", text: "Offer" },
      { type: "LIMITED_TIME_OFFER", limited_time_offer: { text: "!", has_expiration: true } },
    ],
    [{ type: "limited_time_offer", parameters: [offer] }],
    131008,
  ],
  [
    "several products",
    buttonOf("MPM"),
    [button("mpm", { type: "action", action: { sections: [] } })],
    131008,
  ],
  ["a code", buttonOf("OTP"), [button("url", { type: "text", text: "1" })], 131008],
  [
    "cards of products",
    [
      { type: "BODY", text: "Look" },
      { type: "CAROUSEL", cards: [product_card, product_card] },
    ],
    [
      {
        type: "carousel",
        cards: [0, 1].map((card_index) => ({
          card_index,
          components: [header("product", product)],
        })),
      },
    ],
    132012,
  ],
])("a template with %s is taken with it, and refused without", async (...row) => {
  const [, components, given, code_without] = row;
  const emulator = start();
  emulator.addTemplate({ name: "kind", components });
  await sendOk(emulator, template("kind", given));
  expect(await send(emulator, template("kind"))).toMatchObject({
    status: 400,
    body: { error: { code: code_without } },
  });
});

test.each([
  ["FLOW", "flow", { type: "action", action: { flow_token: "t" } }],
  ["CATALOG", "catalog", { type: "action", action: { thumbnail_product_retailer_id: "1" } }],
  ["ORDER_DETAILS", "order_details", { type: "action", action: { order_details: {} } }],
  ["VOICE_CALL", "voice_call", { type: "payload", payload: "support" }],
])("a %s button is taken with its parameter, without it, and shown", async (...row) => {
  const [type, sub_type, parameter] = row;
  const emulator = start();
  emulator.addTemplate({ name: "kind", components: buttonOf(type) });
  await sendOk(emulator, template("kind", [button(sub_type, parameter)]));
  await sendOk(emulator, template("kind"));
  expect(emulator.customerMessages(MARA)[0]?.view?.choices).toMatchObject([{ label: "Go" }]);
});

test("a call button may be named without its place", async () => {
  const emulator = start();
  emulator.addTemplate({ name: "call", components: buttonOf("VOICE_CALL") });
  const parameters = [{ type: "payload", payload: "support" }];
  const component = { type: "button", sub_type: "voice_call", parameters };
  expect((await send(emulator, template("call", [component]))).status).toBe(200);
});
