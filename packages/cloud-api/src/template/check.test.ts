import { describe, expect, test } from "vitest";
import type { JsonValue } from "../json/json.ts";
import type { OutboundIssue } from "../outbound/issues.ts";
import { parseOutboundMessage } from "../outbound/message.ts";
import { SAMPLE_TEMPLATES } from "../outbound/test-templates.ts";
import { checkTemplate } from "./check.ts";
import { parseTemplateDefinition, type TemplateDefinition } from "./definition.ts";

/** A template as Meta lists it. */
function defined(components: JsonValue[], more: object = {}): TemplateDefinition {
  const definition = parseTemplateDefinition({
    id: "1",
    name: "t",
    language: "en_US",
    status: "APPROVED",
    category: "UTILITY",
    parameter_format: "POSITIONAL",
    components,
    ...more,
  });
  if (definition === null) throw new Error("not a definition");
  return definition;
}

/** What is said of these components for this template. */
function issuesOf(definition: TemplateDefinition, components?: JsonValue): OutboundIssue[] {
  const parsed = parseOutboundMessage({
    type: "template",
    template: {
      name: definition.name,
      language: { code: definition.language },
      ...(components === undefined ? {} : { components }),
    },
  });
  if (!parsed.ok || parsed.message.type !== "template") throw new Error(JSON.stringify(parsed));
  return checkTemplate(definition, parsed.message.template);
}

const text = (value: string, parameter_name?: string): JsonValue => ({
  type: "text",
  text: value,
  ...(parameter_name === undefined ? {} : { parameter_name }),
});
const body = (...parameters: JsonValue[]): JsonValue => ({ type: "body", parameters });
const header = (parameter: JsonValue): JsonValue => ({ type: "header", parameters: [parameter] });
const button = (sub_type: string, index: number, parameter: JsonValue): JsonValue => ({
  type: "button",
  sub_type,
  index,
  parameters: [parameter],
});
const payload = { type: "payload", payload: "p" };

const plain = defined([{ type: "BODY", text: "Hello" }]);
const positional = defined([
  { type: "HEADER", format: "TEXT", text: "Order {{1}}" },
  { type: "BODY", text: "Hi {{1}}, {{2}} of {{1}} is on its way." },
  { type: "FOOTER", text: "Lucky Shrub" },
]);
const named = defined([{ type: "BODY", text: "{{guests}} guests on {{day}}." }], {
  parameter_format: "NAMED",
});

describe("texts", () => {
  test("what fits is taken", () => {
    expect(issuesOf(plain)).toEqual([]);
    expect(issuesOf(plain, [])).toEqual([]);
    const order = [header(text("4711")), body(text("Ada"), text("one"))];
    expect(issuesOf(positional, order)).toEqual([]);
    expect(issuesOf(named, [body(text("4", "guests"), text("Monday", "day"))])).toEqual([]);
    // Names go by name, not by place.
    expect(issuesOf(named, [body(text("Monday", "day"), text("4", "guests"))])).toEqual([]);
  });

  test.each<[string, TemplateDefinition, JsonValue, Partial<OutboundIssue>]>([
    [
      "too few",
      positional,
      [header(text("1")), body(text("Ada"))],
      {
        field: "template.components[1]",
        problem: "has 1 parameters for the body, the template 2: {{1}}, {{2}}",
      },
    ],
    [
      "too many",
      plain,
      [body(text("Ada"))],
      {
        field: "template.components[0]",
        problem: "has 1 parameters for the body, the template none",
      },
    ],
    [
      "a header for nothing",
      plain,
      [header(text("Ada"))],
      {
        field: "template.components[0]",
        problem: "has 1 parameters for the header, the template none",
      },
    ],
    [
      "no header",
      positional,
      [body(text("Ada"), text("one"))],
      {
        field: "template.components",
        problem: "has 0 parameters for the header, the template 1: {{1}}",
      },
    ],
    [
      "an image for a text header",
      positional,
      [header({ type: "image", image: { id: "1" } }), body(text("Ada"), text("one"))],
      { field: "template.components[0].parameters[0].type", fix: 'write "text"' },
    ],
    [
      "numbers for names",
      named,
      [body(text("4"), text("Monday"))],
      {
        field: "template.components[0].parameters[0].parameter_name",
        problem: "is missing",
        fix: "write one of guests, day",
      },
    ],
    [
      "a wrong name",
      named,
      [body(text("4", "guests"), text("Monday", "date"))],
      {
        field: "template.components[0].parameters[1].parameter_name",
        problem: "is not in the template",
      },
    ],
    [
      "names for numbers",
      positional,
      [header(text("1")), body(text("Ada", "first"), text("one", "second"))],
      {
        field: "template.components[1].parameters[0].parameter_name",
        fix: "remove it",
      },
    ],
    [
      "too long a body",
      positional,
      [header(text("1")), body(text("x".repeat(1000)), text("one"))],
      {
        field: "template.components[1]",
        problem: expect.stringMatching(/makes a body of 20\d\d characters, 1024 are allowed/),
      },
    ],
    [
      "too long a header",
      positional,
      [header(text("x".repeat(55))), body(text("a"), text("b"))],
      {
        field: "template.components[0]",
        problem: "makes a header of 61 characters, 60 are allowed",
      },
    ],
  ])("%s", (...[, definition, components, issue]) => {
    expect(issuesOf(definition, components)[0]).toMatchObject(issue);
  });
});

describe("which template it is", () => {
  const template = { name: "t", language: { code: "en_US" } };

  test("another name or language is said", () => {
    expect(checkTemplate(plain, { name: "u", language: { code: "de" } })).toMatchObject([
      { field: "template.name" },
      { field: "template.language.code", fix: 'write "en_US"' },
    ]);
  });

  test.each(["PENDING", "REJECTED", "PAUSED", "DISABLED"])("so is that it is %s", (status) => {
    expect(checkTemplate({ ...plain, status }, template)).toMatchObject([
      { field: "template.name", problem: `is a template that is ${status}` },
    ]);
  });

  test("a definition without status is not held against anybody", () => {
    expect(checkTemplate({ ...plain, status: null }, template)).toEqual([]);
  });
});

describe("headers that are no text", () => {
  const media: Record<string, JsonValue> = {
    IMAGE: { type: "image", image: { id: "1" } },
    VIDEO: { type: "video", video: { id: "1" } },
    DOCUMENT: { type: "document", document: { id: "1" } },
    LOCATION: { type: "location", location: { latitude: 1, longitude: 1 } },
    PRODUCT: { type: "product", product: { product_retailer_id: "1", catalog_id: "1" } },
    GIF: { type: "gif", gif: { id: "1" } },
  };

  test.each(Object.keys(media))("%s: it is required, and of its kind", (format) => {
    const definition = defined([{ type: "HEADER", format }]);
    expect(issuesOf(definition, [header(media[format] ?? null)])).toEqual([]);
    expect(issuesOf(definition)).toMatchObject([{ field: "template.components" }]);
    expect(issuesOf(definition, [header(text("a"))])).toMatchObject([
      { field: "template.components[0].parameters[0].type" },
    ]);
  });
});

describe("buttons", () => {
  const definition = defined([
    { type: "BODY", text: "Hello" },
    {
      type: "BUTTONS",
      buttons: [
        { type: "QUICK_REPLY", text: "Yes" },
        { type: "URL", text: "Track", url: "https://example.com/{{1}}" },
        { type: "URL", text: "Home", url: "https://example.com/" },
        { type: "PHONE_NUMBER", text: "Call", phone_number: "+1" },
        { type: "COPY_CODE", text: "Copy" },
      ],
    },
  ]);
  const track = button("url", 1, text("4711"));
  const code = button("copy_code", 4, { type: "coupon_code", coupon_code: "A" });

  test("those with a variable need their parameter, a quick reply may have a payload", () => {
    expect(issuesOf(definition, [track, code])).toEqual([]);
    expect(issuesOf(definition, [button("quick_reply", 0, payload), track, code])).toEqual([]);
    expect(issuesOf(definition)).toEqual([
      {
        field: "template.components",
        problem: "has no parameter for button 1 (Track)",
        fix: 'add {"type": "button", "sub_type": "url", "index": 1, "parameters": […]}',
      },
      expect.objectContaining({ problem: "has no parameter for button 4 (Copy)" }),
    ]);
  });

  test.each<[string, JsonValue, Partial<OutboundIssue>]>([
    [
      "a button that is not there",
      button("url", 5, text("a")),
      {
        field: "template.components[2].index",
        problem: "is 5, the template has 5 buttons",
      },
    ],
    [
      "another kind",
      button("url", 0, text("a")),
      {
        field: "template.components[2].sub_type",
        fix: 'write "quick_reply"',
      },
    ],
    [
      "one that takes nothing",
      button("url", 3, text("a")),
      {
        field: "template.components[2].sub_type",
        fix: "remove it: it takes no parameter",
      },
    ],
    [
      "a link without a variable",
      button("url", 2, text("a")),
      {
        field: "template.components[2]",
        problem: "has a parameter, the template's address has no variable",
      },
    ],
  ])("%s", (_name, extra, issue) => {
    expect(issuesOf(definition, [track, code, extra])).toMatchObject([issue]);
  });

  test("a link that gets too long with its parameter", () => {
    const long = button("url", 1, text("x".repeat(1990)));
    expect(issuesOf(definition, [long, code])).toMatchObject([
      { field: "template.components[0].parameters[0].text" },
    ]);
  });

  test.each([
    ["OTP", "url", text("123456"), true],
    [
      "MPM",
      "mpm",
      {
        type: "action",
        action: {
          thumbnail_product_retailer_id: "1",
          sections: [{ product_items: [{ product_retailer_id: "1" }] }],
        },
      },
      true,
    ],
    ["CATALOG", "catalog", { type: "action", action: {} }, false],
    ["FLOW", "flow", { type: "action", action: { flow_token: "a" } }, false],
  ] as const)("%s: by %s, required: %s", (...[type, sub_type, parameter, is_required]) => {
    const one = defined([{ type: "BUTTONS", buttons: [{ type, text: "B" }] }]);
    const given: JsonValue = JSON.parse(JSON.stringify(parameter));
    expect(issuesOf(one, [button(sub_type, 0, given)])).toEqual([]);
    expect(issuesOf(one).length).toBe(is_required ? 1 : 0);
  });

  test("a call button needs no index", () => {
    const call = defined([
      { type: "BUTTONS", buttons: [{ type: "URL", url: "https://a.b/" }, { type: "VOICE_CALL" }] },
    ]);
    const component = { type: "button", sub_type: "voice_call", parameters: [payload] };
    expect(issuesOf(call, [component])).toEqual([]);
  });
});

describe("offers and cards", () => {
  const offer = defined([
    { type: "LIMITED_TIME_OFFER", limited_time_offer: { text: "Expiring!", has_expiration: true } },
    { type: "BODY", text: "Hello" },
  ]);
  const end: JsonValue = {
    type: "limited_time_offer",
    parameters: [
      { type: "limited_time_offer", limited_time_offer: { expiration_time_ms: 1_790_000_000_000 } },
    ],
  };

  test("an offer that ends says when; no other template does", () => {
    expect(issuesOf(offer, [end])).toEqual([]);
    expect(issuesOf(offer)).toMatchObject([{ problem: "does not say when the offer ends" }]);
    expect(issuesOf(plain, [end])).toMatchObject([
      { field: "template.components[0]", fix: "remove it" },
    ]);
  });

  const card_definition: JsonValue = {
    components: [
      { type: "HEADER", format: "IMAGE" },
      { type: "BODY", text: "Use {{1}}" },
      {
        type: "BUTTONS",
        buttons: [
          { type: "QUICK_REPLY", text: "More" },
          { type: "URL", text: "Shop", url: "https://example.com/{{1}}" },
        ],
      },
    ],
  };
  const carousel = defined(
    [
      { type: "BODY", text: "Save {{1}}" },
      { type: "CAROUSEL", cards: [card_definition, card_definition] },
    ],
    { name: "summer_carousel_promo" },
  );

  test("Meta's own example of a carousel fits its template", () => {
    const parsed = parseOutboundMessage(SAMPLE_TEMPLATES["a media carousel"]);
    const template =
      parsed.ok && parsed.message.type === "template" ? parsed.message.template : null;
    expect(template).not.toBeNull();
    expect(template === null ? [] : checkTemplate(carousel, template)).toEqual([]);
  });

  const image = header({ type: "image", image: { id: "1" } });
  const card = (card_index: number, components: JsonValue[]): JsonValue => ({
    card_index,
    components,
  });
  const whole = [image, body(text("a")), button("url", 1, text("b"))];

  test("each card is checked as a template of its own, with its path", () => {
    const cards = [card(1, [body(text("a")), button("url", 1, text("b"))]), card(0, whole)];
    expect(issuesOf(carousel, [body(text("1")), { type: "carousel", cards }])).toMatchObject([
      { field: "template.components[1].cards[0].components" },
    ]);
  });

  test("as many cards as the template has", () => {
    const cards = [card(0, whole), card(1, whole), card(2, whole)];
    expect(issuesOf(carousel, [body(text("1")), { type: "carousel", cards }])).toMatchObject([
      { field: "template.components[1].cards", problem: "has 3 cards, the template 2" },
    ]);
    expect(issuesOf(carousel, [body(text("1"))])).toMatchObject([
      { field: "template.components", problem: "has no cards, the template has 2" },
    ]);
    const two = [card(0, whole), card(1, whole)];
    expect(issuesOf(plain, [{ type: "carousel", cards: two }])).toMatchObject([
      { field: "template.components[0]", fix: "remove it" },
    ]);
  });
});
