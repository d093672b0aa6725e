import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Emulator } from "../create-emulator.ts";
import {
  ACCESS_TOKEN,
  MARA,
  WABA_ID,
  arrived,
  call,
  createReceiver,
  createTestEmulator,
  send,
  sendOk,
  valueOf,
} from "../test-support.ts";

const headers = { authorization: `Bearer ${ACCESS_TOKEN}` };
const PATH = `/v26.0/${WABA_ID}/message_templates`;
const createdSchema = z.object({ id: z.string() });
const listSchema = z.object({
  data: z.array(z.object({ name: z.string() })),
  paging: z
    .object({ cursors: z.object({ after: z.string() }), next: z.string().optional() })
    .optional(),
});

const BODY = {
  type: "BODY",
  text: "Hello {{1}}, order {{2}} is on its way.",
  example: { body_text: [["Mara", "7"]] },
};
const ORDER = {
  name: "order_update",
  language: "en_US",
  category: "UTILITY" as const,
  components: [BODY],
};

const graph = (emulator: Emulator, path: string, init: Parameters<typeof call>[2] = {}) =>
  call(emulator, path, { ...init, headers });

const template = (name: string, components: unknown[] = [], language = "en_US") => ({
  type: "template",
  template: { name, language: { code: language }, components },
});
const text = (value: string, more: object = {}) => ({ type: "text", text: value, ...more });
const bodyOf = (...values: string[]) => ({
  type: "body",
  parameters: values.map((value) => text(value)),
});

function start() {
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  return emulator;
}

describe("management", () => {
  test("a new template is pending, approved with its webhook, sent, and deleted", async () => {
    const { url, received } = await createReceiver();
    const emulator = start();
    emulator.updateSettings({ webhook_url: url, statuses: false });
    const created = await graph(emulator, PATH, { body: ORDER });
    expect(created).toMatchObject({
      status: 200,
      body: { status: "PENDING", category: "UTILITY" },
    });
    const { id } = createdSchema.parse(created.body);
    const message = template("order_update", [bodyOf("Mara", "7")]);
    expect(await send(emulator, message)).toMatchObject({
      status: 404,
      body: { error: { code: 132001 } },
    });
    emulator.changeTemplate(id, { status: "APPROVED" });
    await arrived(received, 1);
    expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toEqual({
      event: "APPROVED",
      message_template_id: Number(id),
      message_template_name: "order_update",
      message_template_language: "en_US",
      message_template_category: "UTILITY",
      reason: "NONE",
    });
    await sendOk(emulator, message);
    expect(emulator.accepted()).toMatchObject([{ template: "order_update" }]);
    expect(emulator.customerMessages(MARA)).toMatchObject([
      { view: { body: "Hello Mara, order 7 is on its way." } },
    ]);
    const removed = await graph(emulator, `${PATH}?name=order_update`, { method: "DELETE" });
    expect(removed.body).toEqual({ success: true });
    await arrived(received, 2);
    expect(valueOf(received[1] ?? { bytes: Buffer.from("") })).toMatchObject({
      event: "DELETED",
      reason: null,
    });
    expect((await send(emulator, message)).status).toBe(404);
  });

  test("each change of Meta's sends its own webhook", async () => {
    const { url, received } = await createReceiver();
    const emulator = start();
    emulator.updateSettings({ webhook_url: url });
    emulator.addTemplate(ORDER);
    const changes = [
      {
        status: "REJECTED",
        reason: "INVALID_FORMAT",
        rejection: { reason: "a", recommendation: "b" },
      },
      { quality: "YELLOW" },
      { correct_category: "MARKETING" },
      { category: "MARKETING" },
      { status: "PAUSED" },
    ] as const;
    const values = [];
    for (const [index, change] of changes.entries()) {
      emulator.changeTemplate("order_update", change);
      await arrived(received, index + 1);
      values.push(valueOf(received[index] ?? { bytes: Buffer.from("") }));
    }
    expect(values).toMatchObject([
      { event: "REJECTED", reason: "INVALID_FORMAT", rejection_info: { reason: "a" } },
      { previous_quality_score: "UNKNOWN", new_quality_score: "YELLOW" },
      { new_category: "UTILITY", correct_category: "MARKETING" },
      { previous_category: "UTILITY", new_category: "MARKETING" },
      { event: "PAUSED", other_info: { title: "FIRST_PAUSE" } },
    ]);
    const fields = received.map(({ bytes }) => /"field":"(\w+)"/.exec(bytes.toString())?.[1]);
    expect(fields).toEqual([
      "message_template_status_update",
      "message_template_quality_update",
      "template_category_update",
      "template_category_update",
      "message_template_status_update",
    ]);
    expect(received[0]?.bytes.toString()).toMatch(/"time":\d{10},/);
  });

  test("approval can come by itself", async () => {
    const emulator = start();
    emulator.updateSettings({ template_review_ms: 20 });
    await graph(emulator, PATH, { body: ORDER });
    await expect.poll(() => emulator.templates()[0]?.status).toBe("APPROVED");
  });

  test("the list comes in pages, each template once, and can be narrowed", async () => {
    const emulator = start();
    for (let n = 0; n < 7; n++) emulator.addTemplate({ ...ORDER, name: `t${n}` });
    const names = [];
    let path: string | null = `${PATH}?limit=3`;
    while (path !== null) {
      const page = listSchema.parse((await graph(emulator, path)).body);
      names.push(...page.data.map(({ name }) => name));
      const next: string | undefined = page.paging?.next;
      path = next === undefined ? null : next.replace("http://emulator.test", "");
    }
    expect(names).toEqual(["t6", "t5", "t4", "t3", "t2", "t1", "t0", "hello_world"]);
    const narrowed = await graph(emulator, `${PATH}?name=t5&fields=name,status`);
    expect(narrowed.body).toMatchObject({
      data: [{ name: "t5", status: "APPROVED", id: expect.any(String) }],
    });
    expect(JSON.stringify(narrowed.body)).not.toContain("components");
  });

  test.each([
    ["a name with capitals", { name: "Order" }],
    ["no language", { language: undefined }],
    ["an unknown category", { category: "FUN" }],
    ["no body", { components: [{ type: "FOOTER", text: "x" }] }],
    ["variables that skip a number", { components: [{ ...BODY, text: "a {{1}} b {{3}} c" }] }],
    ["a variable at the end", { components: [{ ...BODY, text: "Hello {{1}}" }] }],
    ["variables without an example", { components: [{ type: "BODY", text: "a {{1}} b" }] }],
    ["a body too long", { components: [{ type: "BODY", text: "x".repeat(1025) }] }],
    [
      "eleven buttons",
      {
        components: [
          BODY,
          {
            type: "BUTTONS",
            buttons: Array.from({ length: 11 }, () => ({ type: "QUICK_REPLY", text: "A" })),
          },
        ],
      },
    ],
    ["two bodies", { components: [BODY, BODY] }],
  ])("a template with %s is refused", async (_name, changes) => {
    const answer = await graph(start(), PATH, { body: { ...ORDER, ...changes } });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 100, error_user_msg: expect.any(String) } },
    });
  });

  test("a name is taken once per language", async () => {
    const emulator = start();
    await graph(emulator, PATH, { body: ORDER });
    expect(await graph(emulator, PATH, { body: ORDER })).toMatchObject({
      status: 400,
      body: { error: { error_subcode: 2388024 } },
    });
    expect((await graph(emulator, PATH, { body: { ...ORDER, language: "de" } })).status).toBe(200);
  });

  test("an edit goes back to review", async () => {
    const emulator = start();
    const { id } = emulator.addTemplate(ORDER);
    const components = [{ type: "BODY", text: "Hello." }];
    expect((await graph(emulator, `/v26.0/${id}`, { body: { components } })).body).toEqual({
      success: true,
    });
    expect((await graph(emulator, `/v26.0/${id}`)).body).toMatchObject({
      status: "PENDING",
      components,
    });
  });

  test("another account is unknown", async () => {
    expect(await graph(start(), "/v26.0/999/message_templates")).toMatchObject({
      status: 400,
      body: { error: { code: 100, error_subcode: 33 } },
    });
  });
});

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

describe("sending", () => {
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
});
