import { describe, expect, test } from "vitest";
import type { JsonValue } from "../json/json.ts";
import { issuesIn, withValue } from "./test-issues.ts";
import { SAMPLE_MESSAGES } from "./test-messages.ts";

const x = (length: number): string => "x".repeat(length);

/** `make(n)` for 0 to n - 1. */
const times = (n: number, make: (index: number) => JsonValue): JsonValue[] =>
  Array.from({ length: n }, (_, index) => make(index));

type Row = [
  sample: string,
  path: string,
  inside: JsonValue | undefined,
  outside: JsonValue | undefined,
  issue: string,
];

const at_most = (n: number) => `must have at most ${n} characters`;
const button = (index: number): JsonValue => ({
  type: "reply",
  reply: { id: `b${index}`, title: `B${index}` },
});
const row = (index: number): JsonValue => ({ id: `r${index}`, title: `R${index}` });
const section = (rows: number, index = 0): JsonValue => ({
  title: `S${index}`,
  rows: times(rows, (at) => row(index * 10 + at)),
});
const products = (count: number, index = 0): JsonValue => ({
  title: `S${index}`,
  product_items: times(count, (at) => ({ product_retailer_id: `p${index}-${at}` })),
});
const product_card = (index: number): JsonValue => ({
  card_index: index,
  type: "product",
  action: { catalog_id: "1", product_retailer_id: `p${index}` },
});

/** Each limit: the last value inside, the first outside, and what is said of that. */
const LIMITS: Row[] = [
  ["text", "text.body", x(4096), x(4097), at_most(4096)],
  ["image", "image.caption", x(1024), x(1025), at_most(1024)],
  ["video", "video.caption", x(1024), x(1025), at_most(1024)],
  ["document", "document.caption", x(1024), x(1025), at_most(1024)],
  ["image", "image.caption", undefined, "", "must not be empty"],
  ["image", "image.id", "1", "../1", "must be an id from Meta"],
  [
    "audio",
    "audio.link",
    "http://example.com/a.mp3",
    "ftp://example.com/a",
    "must be a web address",
  ],
  [
    "audio",
    "audio.link",
    "https://example.com/a.mp3",
    "javascript:alert(1)",
    "must be a web address",
  ],
  ["audio", "audio.voice", false, "true", "must be true or false"],
  ["location", "location.latitude", 90, 90.1, "must be degrees from -90 to 90"],
  ["location", "location.latitude", "-90", "-91", "must be degrees"],
  ["location", "location.longitude", -180, -180.01, "must be degrees from -180 to 180"],
  ["location", "location.longitude", "180.0", "east", "must be degrees"],
  ["location", "location.name", undefined, "", "must not be empty"],
  [
    "contacts",
    "contacts",
    times(257, () => ({ name: { formatted_name: "A", first_name: "A" } })),
    times(258, () => ({ name: { formatted_name: "A", first_name: "A" } })),
    "1 to 257 are allowed",
  ],
  ["contacts", "contacts[0].birthday", "2001-02-03", "03.02.2001", "must be a date"],
  ["contacts", "contacts[0].phones[0].wa_id", "4915155501", "+4915155501", "must be digits"],
  [
    "contacts",
    "contacts[0].name",
    { formatted_name: "A", last_name: "A" },
    { formatted_name: "A" },
    "needs one more part",
  ],
  ["reaction", "reaction.emoji", "👍🏽", "👍👍", "must be one emoji"],
  ["reaction", "reaction.emoji", "🇩🇪", "D", "must be one emoji"],
  ["reaction", "reaction.emoji", "❤", " ", "must be one emoji"],
  ["reaction", "reaction.emoji", "👨‍👩‍👧", "", ""],
  ["reaction", "reaction.message_id", "wamid.A", "wamid A", "must be a message id"],
  ["an answer", "context.message_id", "wamid.A", "", "must not be empty"],
  ["pin", "pin.expiration_days", 30, 31, "must be a whole number from 1 to 30"],
  ["pin", "pin.expiration_days", 1, 0, "must be a whole number from 1 to 30"],
  ["pin", "pin.expiration_days", 7, undefined, "is missing"],
  ["unpin", "pin.expiration_days", undefined, 7, "has no meaning"],

  ["button", "interactive.body.text", x(1024), x(1025), at_most(1024)],
  ["button", "interactive.footer.text", x(60), x(61), at_most(60)],
  ["button", "interactive.footer.text", "a", "a\nb", "must be one line"],
  [
    "button",
    "interactive.action.buttons",
    times(3, button),
    times(4, button),
    "1 to 3 are allowed",
  ],
  ["button", "interactive.action.buttons", times(1, button), [], "too few entries"],
  ["button", "interactive.action.buttons[0].reply.title", x(20), x(21), at_most(20)],
  ["button", "interactive.action.buttons[0].reply.id", x(256), x(257), at_most(256)],
  ["button", "interactive.action.buttons[1].reply.id", "other", "change", "the same id"],
  ["button", "interactive.action.buttons[1].reply.title", "Other", "Change", "the same label"],
  ["list", "interactive.header.text", x(60), x(61), at_most(60)],
  ["list", "interactive.body.text", x(4096), x(4097), at_most(4096)],
  ["list", "interactive.action.button", x(20), x(21), at_most(20)],
  [
    "list",
    "interactive.action.sections",
    times(10, (at) => section(1, at)),
    times(11, (at) => section(1, at)),
    "1 to 10 are allowed",
  ],
  ["list", "interactive.action.sections", [section(10)], [section(11)], "1 to 10 are allowed"],
  [
    "list",
    "interactive.action.sections",
    [section(5), section(5, 1)],
    [section(5), section(6, 1)],
    "have 11 rows together, 10 are allowed",
  ],
  ["list", "interactive.action.sections[0].title", x(24), x(25), at_most(24)],
  ["list", "interactive.action.sections[1].title", "B", undefined, "is missing"],
  ["list", "interactive.action.sections[0].rows[0].id", x(200), x(201), at_most(200)],
  ["list", "interactive.action.sections[0].rows[0].id", "other", "ground", "the same id"],
  ["list", "interactive.action.sections[0].rows[0].title", x(24), x(25), at_most(24)],
  ["list", "interactive.action.sections[0].rows[0].description", x(72), x(73), at_most(72)],
  ["cta_url", "interactive.action.parameters.display_text", x(20), x(21), at_most(20)],
  ["cta_url", "interactive.action.parameters.url", "https://a.b/", "a.b", "must be a web address"],
  [
    "cta_url",
    "interactive.action.parameters.url",
    `https://a.b/${x(1988)}`,
    `https://a.b/${x(1989)}`,
    at_most(2000),
  ],
  ["flow", "interactive.action.parameters.flow_cta", x(30), x(31), at_most(30)],
  ["flow", "interactive.action.parameters.flow_message_version", "3", 3, 'must be "3"'],
  ["flow", "interactive.action.parameters.flow_name", undefined, "a", "and not both"],
  ["flow", "interactive.action.parameters.flow_action", "navigate", "data_exchange", "belongs to"],
  ["flow", "interactive.action.parameters.mode", "draft", "Draft", "is not known"],
  ["address_message", "interactive.action.parameters.country", "SG", "sg", "two capital letters"],
  ["voice_call", "interactive.action.parameters.ttl_minutes", 43_200, 43_201, "from 1 to 43200"],
  ["voice_call", "interactive.action.parameters.payload", x(512), x(513), at_most(512)],
  ["call_permission_request", "interactive.body", undefined, { text: "" }, "must not be empty"],
  ["product_list", "interactive.header", { type: "text", text: "A" }, undefined, "is missing"],
  ["product_list", "interactive.action.sections", [products(30)], [products(31)], "1 to 30 are"],
  [
    "product_list",
    "interactive.action.sections",
    [products(15), products(15, 1)],
    [products(15), products(16, 1)],
    "have 31 products together, 30 are allowed",
  ],
  [
    "product_list",
    "interactive.action.sections",
    times(10, (at) => products(1, at)),
    times(11, (at) => products(1, at)),
    "1 to 10 are allowed",
  ],
  [
    "product_list",
    "interactive.action.sections[1].product_items[0].product_retailer_id",
    "c",
    "a",
    "the same product",
  ],
  [
    "carousel of products",
    "interactive.action.cards",
    times(10, product_card),
    times(11, product_card),
    "2 to 10 are allowed",
  ],
  [
    "carousel of products",
    "interactive.action.cards",
    times(2, product_card),
    times(1, product_card),
    "2 to 10 are allowed",
  ],
  ["carousel of links", "interactive.action.cards[0].body.text", x(160), x(161), at_most(160)],
  [
    "carousel of links",
    "interactive.action.cards[0].body.text",
    "a\nb\nc",
    "a\nb\nc\nd",
    "more than 2 line breaks",
  ],
  ["carousel of links", "interactive.action.cards[1].card_index", 1, 2, "is not its place"],
  [
    "carousel of links",
    "interactive.action.cards[0].header",
    { type: "video", video: { id: "1" } },
    { type: "text", text: "A" },
    "is not known",
  ],
  [
    "carousel of quick replies",
    "interactive.action.cards[1].action.buttons[1].quick_reply.id",
    "other",
    "fav-0",
    "the same id",
  ],
  [
    "carousel of quick replies",
    "interactive.action.cards[1].action.buttons",
    times(2, (at) => ({ type: "quick_reply", quick_reply: { id: `n${at}`, title: "A" } })),
    times(1, (at) => ({ type: "quick_reply", quick_reply: { id: `n${at}`, title: "A" } })),
    "has 1 quick replies, the first card 2 quick replies",
  ],
  [
    "carousel of links",
    "interactive.action.cards[1].action.name",
    "cta_url",
    undefined,
    "needs either name and parameters, or buttons",
  ],
  ["order_details", "interactive.action.parameters.reference_id", x(35), x(36), "at most 35"],
  ["order_details", "interactive.action.parameters.currency", "BRL", "R$", "three capital letters"],
  ["order_details", "interactive.action.parameters.total_amount.value", 0, 1.5, "a whole number"],
  ["order_status", "interactive.action.parameters.order.description", x(120), x(121), at_most(120)],
  [
    "order_status",
    "interactive.action.parameters.order.status",
    "canceled",
    "lost",
    "is not known",
  ],
  [
    "order_status",
    "interactive.action.parameters.order",
    { status: "pending" },
    undefined,
    "says no status",
  ],

  ["without parameters", "template.name", x(512), x(513), "at most 512 lower case"],
  ["without parameters", "template.name", "a_1", "Order", "at most 512 lower case"],
  ["without parameters", "template.language.code", "pt_BR", "english", "a language code"],
  [
    "named parameters",
    "template.components[1].parameters[1].parameter_name",
    "date",
    "number_of_guests",
    "the same name",
  ],
  [
    "named parameters",
    "template.components[1].parameters[1].parameter_name",
    "date",
    undefined,
    "have a name in part",
  ],
  [
    "positional parameters",
    "template.components[1].parameters[0].text",
    "a    b",
    "a     b",
    "more than four spaces",
  ],
  [
    "positional parameters",
    "template.components[1].parameters[0].text",
    "a b",
    "a\nb",
    "must not hold line breaks",
  ],
  [
    "positional parameters",
    "template.components[0].parameters",
    [{ type: "text", text: "a" }],
    [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
    "exactly 1 are allowed",
  ],
  ["positional parameters", "template.components[0].type", "header", "body", "the same component"],
  [
    "quick replies and a link",
    "template.components[2].index",
    9,
    10,
    "must be a whole number from 0 to 9",
  ],
  ["quick replies and a link", "template.components[2].index", "2", "1", "the same component"],
  [
    "quick replies and a link",
    "template.components[2].parameters[0].text",
    x(2000),
    x(2001),
    at_most(2000),
  ],
  [
    "quick replies and a link",
    "template.components[0].parameters[0].payload",
    x(256),
    x(257),
    at_most(256),
  ],
  [
    "quick replies and a link",
    "template.components[0].sub_type",
    "quick_reply",
    "QUICK_REPLY",
    "is not known",
  ],
  [
    "a limited-time offer with a code",
    "template.components[3].parameters[0].coupon_code",
    x(20),
    x(21),
    at_most(20),
  ],
  [
    "a limited-time offer with a code",
    "template.components[2].parameters[0].limited_time_offer.expiration_time_ms",
    1,
    0,
    "must be a whole number",
  ],
  ["a media carousel", "template.components[1].cards[1].card_index", 9, 0, "the same card"],
  [
    "a call button",
    "template.components[0].parameters[0].ttl_minutes",
    1,
    43_201,
    "from 1 to 43200",
  ],
  [
    "through the Marketing Messages API",
    "message_send_ttl_seconds",
    2_592_000,
    2_592_001,
    "from 43200 to 2592000",
  ],
  [
    "through the Marketing Messages API",
    "product_policy",
    "CLOUD_API_FALLBACK",
    undefined,
    "belongs to the Marketing Messages API",
  ],
  ["Direct Send", "message_send_ttl_seconds", 43_200, 43_201, "from 30 to 43200"],
  ["Direct Send", "text.body", x(1024), x(1025), at_most(1024)],
  ["Direct Send", "text.preview_url", false, true, "is not possible with a category"],
  ["Direct Send", "category", "authentication", undefined, "belongs to Direct Send"],
];

describe("each limit: the last value inside is taken, the first outside is refused", () => {
  test.each(LIMITS)("%s: %s", (...[sample, path, inside, outside, issue]) => {
    const message = SAMPLE_MESSAGES[sample];
    expect(message).toBeDefined();
    expect(issuesIn(withValue(message, path, inside))).toEqual([]);
    const refused = issuesIn(withValue(message, path, outside));
    expect(refused.join("\n")).toContain(issue);
  });
});

test("a refusal names the very field", () => {
  const message = withValue(
    SAMPLE_MESSAGES["list"],
    "interactive.action.sections[0].rows[0].title",
    x(25),
  );
  expect(issuesIn(message)).toEqual([
    "interactive.action.sections[0].rows[0].title: must have at most 24 characters " +
      "(an emoji counts as two or more); shorten it",
  ]);
});

const STORAGE_PATH =
  "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69/uploads/5f0c1d4e-8a59-4a5b-9d1c-2f7f0e1b7a11";

test.each(["image", "video", "document", "sticker", "audio"])(
  "%s needs one of id, link and path",
  (type) => {
    const both = { id: "1", link: "https://example.com/a" };
    const path = { id: "1", storage_path: STORAGE_PATH };
    for (const part of [{}, both, path]) {
      expect(issuesIn({ type, [type]: part })).toEqual([
        `${type}: needs one of id, link and storage_path; give the id of uploaded media`,
      ]);
    }
    expect(issuesIn({ type, [type]: { storage_path: STORAGE_PATH } })).toEqual([]);
    expect(issuesIn({ type, [type]: { storage_path: "../other" } })).toEqual([
      expect.stringContaining(`${type}.storage_path: must be a path in the bucket`),
    ]);
  },
);
