import { expect, test } from "vitest";
import { parseTemplateDefinition } from "./definition.ts";
import { renderTemplate } from "./render.ts";

function render(components: unknown[], given?: Parameters<typeof renderTemplate>[1]["components"]) {
  const definition = parseTemplateDefinition({ name: "t", language: "de", components });
  if (definition === null) throw new Error("not a definition");
  const language = { code: "de" };
  return renderTemplate(definition, { name: "t", language, components: given });
}

test("header, body and footer, filled in", () => {
  const components = [
    { type: "HEADER", format: "TEXT", text: "Order {{1}}" },
    { type: "BODY", text: "Hi {{1}}!\n{{2}} costs {{3}}, {{1}}." },
    { type: "FOOTER", text: "Lucky Shrub" },
    { type: "BUTTONS", buttons: [{ type: "QUICK_REPLY", text: "Yes" }] },
  ];
  const rendered = render(components, [
    { type: "header", parameters: [{ type: "text", text: "4711" }] },
    {
      type: "body",
      parameters: [
        { type: "text", text: "Ada" },
        { type: "text", text: "Aloe" },
        { type: "currency", currency: { fallback_value: "$9", code: "USD", amount_1000: 9000 } },
      ],
    },
  ]);
  expect(rendered).toBe("Order 4711\nHi Ada!\nAloe costs $9, Ada.\nLucky Shrub");
});

test("by name, with spaces in the braces", () => {
  const rendered = render(
    [{ type: "body", text: "{{ day }} at {{time}}" }],
    [
      {
        type: "body",
        parameters: [
          { type: "text", parameter_name: "time", text: "7" },
          { type: "date_time", parameter_name: "day", date_time: { fallback_value: "Monday" } },
        ],
      },
    ],
  );
  expect(rendered).toBe("Monday at 7");
});

test("a variable without a value stays, and values are not read as anything else", () => {
  const body = [{ type: "BODY", text: "{{1}} and {{2}}" }];
  expect(render(body)).toBe("{{1}} and {{2}}");
  const parameters = [{ type: "text" as const, text: "$& {{2}} $1" }];
  expect(render(body, [{ type: "body", parameters }])).toBe("$& {{2}} $1 and {{2}}");
});

test("a media header has no words", () => {
  const components = [
    { type: "HEADER", format: "IMAGE", example: { header_handle: ["https://…"] } },
    { type: "BODY", text: "Hello" },
  ];
  const image = { type: "image" as const, image: { id: "1" } };
  expect(render(components, [{ type: "header", parameters: [image] }])).toBe("Hello");
  expect(render([])).toBe("");
});

test.each([null, {}, { name: "a", language: "de" }, { name: "", language: "de", components: [] }])(
  "%j is no definition",
  (value) => {
    expect(parseTemplateDefinition(value)).toBeNull();
  },
);

test("kinds that Meta adds later are read around", () => {
  const definition = parseTemplateDefinition({
    name: "a",
    language: "de",
    status: null,
    components: [
      { type: "hologram", depth: 3 },
      { type: "Body", text: "Hi", buttons: "none" },
    ],
  });
  expect(definition?.components.map(({ type }) => type)).toEqual(["HOLOGRAM", "BODY"]);
});
