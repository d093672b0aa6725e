import { expect, test } from "vitest";
import type { JsonValue } from "../json/json.ts";
import { withValue } from "../outbound/test-issues.ts";
import { parseTemplateDraft } from "./draft.ts";

/** Meta's example of a utility template. */
const reservation = {
  name: "reservation_confirmation",
  language: "en_US",
  category: "utility",
  parameter_format: "named",
  components: [
    { type: "header", format: "image", example: { header_handle: ["4::aW..."] } },
    {
      type: "body",
      text: "Your reservation for {{number_of_guests}} on {{day}} is confirmed. See you then!",
      example: {
        body_text_named_params: [
          { param_name: "number_of_guests", example: "4" },
          { param_name: "day", example: "Saturday" },
        ],
      },
    },
    { type: "footer", text: "Lucky Shrub Eatery" },
    {
      type: "buttons",
      buttons: [
        { type: "url", text: "Change", url: "https://www.example.com/reservations" },
        { type: "phone_number", text: "Call us", phone_number: "+15550051310" },
        { type: "quick_reply", text: "Cancel" },
      ],
    },
  ],
};

function issuesIn(draft: unknown): string[] {
  const parsed = parseTemplateDraft(draft);
  return parsed.ok ? [] : parsed.issues.map(({ field, problem }) => `${field}: ${problem}`);
}

test("Meta's example is taken; category and types come out in capitals, all else as it is", () => {
  const parsed = parseTemplateDraft(reservation);
  expect(parsed).toMatchObject({
    ok: true,
    draft: { category: "UTILITY", components: [{ type: "HEADER", format: "IMAGE" }, {}, {}, {}] },
  });
  expect(parsed.ok && parsed.draft["parameter_format"]).toBe("named");
});

const x = (length: number) => "x".repeat(length);
const button = { type: "quick_reply", text: "A" };

test.each<[string, JsonValue | undefined, string]>([
  ["name", "Reservation", "name: must be at most 512 lower case"],
  ["language", undefined, "language: is missing"],
  ["category", "spam", "category: is not known"],
  ["components", "body", "components: must be a list"],
  ["components[1].text", x(1025), "components[1].text: must have at most 1024 characters"],
  ["components[2].text", x(61), "components[2].text: must have at most 60 characters"],
  ["components[2].text", "By {{1}}.", "components[2].text: has a variable"],
  ["components[1].text", "{{1}} is here", "components[1].text: begins or ends with a variable"],
  ["components[1].text", "Hi {{1}} ", "components[1].text: begins or ends with a variable"],
  ["components[1].text", "Hi {{1}} and {{3}}!", "components[1].text: has a gap in its numbers"],
  ["components[1].text", "Hi {{1}} and {{day}}!", "components[1].text: mixes numbers and names"],
  ["components[1].example", undefined, "components[1].example: is missing"],
  ["components[0].example", undefined, "components[0].example: is missing"],
  [
    "components[0]",
    { type: "HEADER", format: "TEXT", text: "{{1}} {{2}}", example: {} },
    "components[0].text: has more than one variable",
  ],
  ["components[3].buttons", Array.from({ length: 11 }, () => button), "has too many entries"],
  ["components[3].buttons[0].text", x(26), "must have at most 25 characters"],
  ["components[3].buttons[0].url", x(2001), "must have at most 2000 characters"],
  ["components[3].buttons[1].phone_number", x(21), "must have at most 20 characters"],
  [
    "components[2]",
    { type: "limited_time_offer", limited_time_offer: { text: x(17) } },
    "must have at most 16 characters",
  ],
  ["components[2]", { type: "carousel", cards: [{ components: [] }] }, "has fewer than 2 cards"],
])("%s: %j is refused", (path, value, issue) => {
  expect(issuesIn(withValue(reservation, path, value)).join("\n")).toContain(issue);
});

test("what Meta may add later is let through", () => {
  const draft = withValue(reservation, "components[0]", { type: "hologram", depth: 3 });
  expect(issuesIn(draft)).toEqual([]);
});

test.each([null, [], "a", 1])("%j is no draft, and nothing is thrown", (value) => {
  expect(parseTemplateDraft(value).ok).toBe(false);
});
