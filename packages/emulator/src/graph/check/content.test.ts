import { beforeEach, describe, expect, test } from "vitest";
import type { Emulator } from "../../create-emulator.ts";
import { MARA, createTestEmulator, send } from "../../test-support.ts";

let emulator: Emulator;

beforeEach(() => {
  emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
});

const link = "https://example.com/file";
const body = { text: "Choose" };
const reply = (id: string, title = `Title ${id}`) => ({ type: "reply", reply: { id, title } });
const row = (id: string) => ({ id, title: `Row ${id}`, description: "More" });
const rows = (count: number) => Array.from({ length: count }, (_, n) => row(String(n)));
const url_action = { name: "cta_url", parameters: { display_text: "Open", url: link } };
const card = (card_index: number) => ({
  card_index,
  type: "cta_url",
  header: { type: "image", image: { link } },
  body: { text: "Card" },
  action: url_action,
});
const product_card = (card_index: number) => ({
  card_index,
  type: "product",
  action: { catalog_id: "1", product_retailer_id: String(card_index) },
});
const quick_card = (card_index: number) => ({
  ...card(card_index),
  action: {
    buttons: [{ type: "quick_reply", quick_reply: { id: `q${card_index}`, title: "Yes" } }],
  },
});
const flow = { flow_message_version: "3", flow_cta: "Book", flow_id: "1", flow_token: "t" };

/** An interactive message of this kind. */
const kind = (type: string, rest: object) => ({ type, body, ...rest });

const ACCEPTED: readonly (readonly [name: string, type: string, content: unknown])[] = [
  ["text with a preview", "text", { body: link, preview_url: true }],
  ["text of 4,096 emoji", "text", { body: "🙂".repeat(4096) }],
  ["image by link", "image", { link, caption: "x".repeat(1024) }],
  ["voice note", "audio", { link, voice: true }],
  ["video", "video", { link, caption: "Look" }],
  ["document", "document", { link, filename: "a.pdf", caption: "Here" }],
  ["sticker", "sticker", { link }],
  ["location", "location", { latitude: "52.5", longitude: 13.4, name: "A", address: "B" }],
  [
    "contacts",
    "contacts",
    [{ name: { formatted_name: "A B", first_name: "A" }, phones: [{ phone: "+1" }] }],
  ],
  ["reaction", "reaction", { message_id: "wamid.x", emoji: "👨‍👩‍👧" }],
  ["removed reaction", "reaction", { message_id: "wamid.x", emoji: "" }],
  [
    "buttons",
    "interactive",
    kind("button", {
      header: { type: "document", document: { link } },
      footer: { text: "Footer" },
      action: { buttons: [reply("1"), reply("2"), reply("3")] },
    }),
  ],
  [
    "list",
    "interactive",
    kind("list", {
      header: { type: "text", text: "H" },
      body: { text: "x".repeat(4096) },
      action: {
        button: "Menu",
        sections: [
          { title: "A", rows: rows(5) },
          { title: "B", rows: rows(10).slice(5) },
        ],
      },
    }),
  ],
  ["link button", "interactive", kind("cta_url", { action: url_action })],
  ["flow", "interactive", kind("flow", { action: { name: "flow", parameters: flow } })],
  [
    "location request",
    "interactive",
    kind("location_request_message", { action: { name: "send_location" } }),
  ],
  [
    "address request",
    "interactive",
    kind("address_message", { action: { name: "address_message", parameters: { country: "SG" } } }),
  ],
  [
    "product",
    "interactive",
    kind("product", { action: { catalog_id: "1", product_retailer_id: "2" } }),
  ],
  [
    "product list",
    "interactive",
    kind("product_list", {
      header: { type: "text", text: "H" },
      action: {
        catalog_id: "1",
        sections: [{ title: "A", product_items: [{ product_retailer_id: "2" }] }],
      },
    }),
  ],
  ["catalog", "interactive", kind("catalog_message", { action: { name: "catalog_message" } })],
  ["carousel of media", "interactive", kind("carousel", { action: { cards: [card(0), card(1)] } })],
  [
    "carousel of products",
    "interactive",
    kind("carousel", { action: { cards: [product_card(0), product_card(1)] } }),
  ],
  [
    "carousel of replies",
    "interactive",
    kind("carousel", { action: { cards: [quick_card(0), quick_card(1)] } }),
  ],
  [
    "call permission",
    "interactive",
    kind("call_permission_request", { action: { name: "call_permission_request" } }),
  ],
  [
    "call button",
    "interactive",
    kind("voice_call", { action: { name: "voice_call", parameters: { display_text: "Call" } } }),
  ],
  [
    "contact request",
    "interactive",
    kind("request_contact_info", { action: { name: "request_contact_info" } }),
  ],
];

const REFUSED: readonly (readonly [name: string, type: string, content: unknown, names: string])[] =
  [
    ["an image by id and link", "image", { id: "1", link }, "image"],
    ["a link that is none", "image", { link: "file:///etc/passwd" }, "image['link']"],
    ["a caption too long", "video", { link, caption: "x".repeat(1025) }, "video['caption']"],
    ["a caption on audio", "audio", { link, caption: "x" }, "audio['caption']"],
    ["a caption on a sticker", "sticker", { link, caption: "x" }, "sticker['caption']"],
    [
      "a latitude off the globe",
      "location",
      { latitude: 91, longitude: 0 },
      "location['latitude']",
    ],
    ["a contact without a name", "contacts", [{ phones: [] }], "contacts[0]['name']"],
    ["a contact with half a name", "contacts", [{ name: { formatted_name: "A" } }], "first_name"],
    ["no contact", "contacts", [], "contacts"],
    [
      "a reaction of two emoji",
      "reaction",
      { message_id: "x", emoji: "👍👍" },
      "reaction['emoji']",
    ],
    ["a reaction of letters", "reaction", { message_id: "x", emoji: "ok" }, "reaction['emoji']"],
    ["a reaction to nothing", "reaction", { emoji: "👍" }, "reaction['message_id']"],
    ["an unknown kind", "interactive", kind("quiz", {}), "interactive['type']"],
    [
      "four buttons",
      "interactive",
      kind("button", { action: { buttons: ["1", "2", "3", "4"].map((id) => reply(id)) } }),
      "buttons",
    ],
    ["no button", "interactive", kind("button", { action: { buttons: [] } }), "buttons"],
    [
      "a long label",
      "interactive",
      kind("button", { action: { buttons: [reply("1", "x".repeat(21))] } }),
      "['title']",
    ],
    [
      "two buttons of one id",
      "interactive",
      kind("button", { action: { buttons: [reply("1", "A"), reply("1", "B")] } }),
      "ids",
    ],
    [
      "two buttons of one label",
      "interactive",
      kind("button", { action: { buttons: [reply("1", "A"), reply("2", "A")] } }),
      "titles",
    ],
    [
      "a long body",
      "interactive",
      kind("button", { body: { text: "x".repeat(1025) }, action: { buttons: [reply("1")] } }),
      "interactive['body']['text']",
    ],
    [
      "a long footer",
      "interactive",
      kind("button", { footer: { text: "x".repeat(61) }, action: { buttons: [reply("1")] } }),
      "interactive['footer']['text']",
    ],
    [
      "a long header",
      "interactive",
      kind("button", {
        header: { type: "text", text: "x".repeat(61) },
        action: { buttons: [reply("1")] },
      }),
      "interactive['header']['text']",
    ],
    [
      "eleven rows",
      "interactive",
      kind("list", { action: { button: "Menu", sections: [{ rows: rows(11) }] } }),
      "row count",
    ],
    [
      "sections without titles",
      "interactive",
      kind("list", {
        action: { button: "M", sections: [{ rows: rows(1) }, { rows: [row("x")] }] },
      }),
      "['title']",
    ],
    [
      "a picture above a list",
      "interactive",
      kind("list", {
        header: { type: "image", image: { link } },
        action: { button: "M", sections: [{ rows: rows(1) }] },
      }),
      "interactive['header']['type']",
    ],
    [
      "a link to nowhere",
      "interactive",
      kind("cta_url", {
        action: { ...url_action, parameters: { display_text: "A", url: "example" } },
      }),
      "['url']",
    ],
    [
      "a flow of two names",
      "interactive",
      kind("flow", { action: { name: "flow", parameters: { ...flow, flow_name: "a" } } }),
      "flow_id",
    ],
    [
      "a footer under a location request",
      "interactive",
      kind("location_request_message", {
        footer: { text: "x" },
        action: { name: "send_location" },
      }),
      "['footer']",
    ],
    [
      "31 products",
      "interactive",
      kind("product_list", {
        header: { type: "text", text: "H" },
        action: {
          catalog_id: "1",
          sections: [
            { product_items: Array.from({ length: 31 }, () => ({ product_retailer_id: "1" })) },
          ],
        },
      }),
      "product_items",
    ],
    ["one card", "interactive", kind("carousel", { action: { cards: [card(0)] } }), "cards"],
    [
      "eleven cards",
      "interactive",
      kind("carousel", { action: { cards: Array.from({ length: 11 }, (_, n) => card(n)) } }),
      "cards",
    ],
    [
      "cards out of order",
      "interactive",
      kind("carousel", { action: { cards: [card(1), card(0)] } }),
      "card_index",
    ],
  ];

describe("what Meta takes", () => {
  test.each(ACCEPTED)("%s", async (_name, type, content) => {
    expect(await send(emulator, { type, [type]: content })).toMatchObject({ status: 200 });
  });
});

describe("what Meta refuses, naming the field", () => {
  test.each(REFUSED)("%s", async (...row_) => {
    const [, type, content, names] = row_;
    const answer = await send(emulator, { type, [type]: content });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { error_data: { details: expect.stringContaining(names) } } },
    });
    expect(JSON.stringify(answer.body)).toMatch(/"code":1310(08|09)/);
    expect(emulator.accepted()).toEqual([]);
  });
});

test("a callback longer than 512 characters is refused", async () => {
  const answer = await send(emulator, { biz_opaque_callback_data: "x".repeat(513) });
  expect(answer).toMatchObject({ status: 400 });
  expect((await send(emulator, { biz_opaque_callback_data: "x".repeat(512) })).status).toBe(200);
});

test("a pin is for groups only", async () => {
  const answer = await send(emulator, { type: "pin", pin: { type: "pin", message_id: "x" } });
  expect(answer).toMatchObject({ status: 400, body: { error: { code: 131051 } } });
});
