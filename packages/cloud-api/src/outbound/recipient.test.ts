import { expect, test } from "vitest";
import { parseOutboundMessage } from "./message.ts";
import { checkRecipient, groupIdSchema, userIdSchema, type RecipientKind } from "./recipient.ts";
import { SAMPLE_MESSAGES } from "./test-messages.ts";

function fieldsRefused(sample: string, to: RecipientKind): string[] {
  const parsed = parseOutboundMessage(SAMPLE_MESSAGES[sample]);
  return parsed.ok ? checkRecipient(parsed.message, to).map(({ field }) => field) : ["?"];
}

test.each([
  ["text", []],
  ["image", []],
  ["positional parameters", []],
  ["pin", []],
  ["reaction", []],
  ["button", ["type"]],
  ["product_list", ["type"]],
  ["Direct Send", ["category"]],
  ["through the Marketing Messages API", ["product_policy"]],
])("%s to a group: %j", (sample, fields) => {
  expect(fieldsRefused(sample, "group")).toEqual(fields);
});

test("all but pins go to a person, by phone or user id", () => {
  for (const to of ["phone", "user_id"] as const) {
    for (const sample of Object.keys(SAMPLE_MESSAGES)) {
      expect([sample, fieldsRefused(sample, to)]).toEqual([
        sample,
        sample === "pin" || sample === "unpin" ? ["type"] : [],
      ]);
    }
  }
});

test("a template with a code goes to a phone alone", () => {
  const parsed = parseOutboundMessage(SAMPLE_MESSAGES["a code (OTP)"]);
  if (!parsed.ok) throw new Error("not a message");
  const definition = {
    name: "login_code",
    language: "en_US",
    category: "AUTHENTICATION",
    components: [],
  };
  for (const to of ["user_id", "group"] as const) {
    expect(checkRecipient(parsed.message, to, definition)).toMatchObject([
      { field: "template.name", fix: "send it to a phone, with to" },
    ]);
  }
  expect(checkRecipient(parsed.message, "phone", definition)).toEqual([]);
  expect(checkRecipient(parsed.message, "user_id")).toEqual([]);
});

test.each([
  ["US.13491208655302741918", true],
  ["US.ENT.13491208655302741918", true],
  [`DE.${"a".repeat(128)}`, true],
  [`DE.${"a".repeat(129)}`, false],
  ["us.1", false],
  ["US.", false],
  ["US.1 2", false],
  ["4915155501", false],
])("a user id: %s is %s", (id, is_good) => {
  expect(userIdSchema.safeParse(id).success).toBe(is_good);
});

test.each([
  ["Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD", true],
  ["120363404694233820@g.us", true],
  ["", false],
  ["../1", false],
  ["a b", false],
])("a group id: %s is %s", (id, is_good) => {
  expect(groupIdSchema.safeParse(id).success).toBe(is_good);
});
