import { expect, test } from "vitest";
import type { JsonObject } from "../json/json.ts";
import { bodyOf, change, WABA_ID } from "./test-bodies.ts";
import { parseWebhook } from "./parse-webhook.ts";

function sourceOf(field: string, value: JsonObject) {
  const [event] = parseWebhook(bodyOf(change(field, value))).events;
  const { waba_id, phone_number_id, display_phone_number } = event ?? {};
  return { waba_id, phone_number_id, display_phone_number };
}

test.each(["PARTNER_ADDED", "PARTNER_REMOVED", "PARTNER_APP_INSTALLED"])(
  "%s: the entry's id is a business portfolio's, not an account's",
  (event) => {
    const waba_info = { waba_id: "99", owner_business_id: "1" };
    expect(sourceOf("account_update", { event, waba_info }).waba_id).toBe("99");
    expect(sourceOf("account_update", { event }).waba_id).toBeNull();
  },
);

test("partner_solutions names no account", () => {
  expect(sourceOf("partner_solutions", { event: "SOLUTION_CREATED" }).waba_id).toBeNull();
});

test("an account that the value names stands before the entry's", () => {
  const waba_info = { waba_id: "99", ad_account_linked: "1" };
  expect(sourceOf("account_update", { event: "AD_ACCOUNT_LINKED", waba_info }).waba_id).toBe("99");
  expect(sourceOf("account_update", { event: "DISABLED_UPDATE" }).waba_id).toBe(WABA_ID);
});

test.each<[string, JsonObject, string]>([
  ["messages", { metadata: { phone_number_id: "7" }, phone_number_id: "8" }, "7"],
  ["messages", { phone_number_id: "7", messages: [] }, "7"],
  ["business_username_updates", { phone_number_id: "7" }, "7"],
  ["messaging_handovers", { recipient: { phone_number_id: "7" } }, "7"],
  ["account_settings_update", { phone_number_settings: { phone_number_id: "7" } }, "7"],
  ["account_alerts", { entity_type: "PHONE_NUMBER", entity_id: "7" }, "7"],
])("%s %j names the number by its id", (field, value, phone_number_id) => {
  expect(sourceOf(field, value)).toMatchObject({ waba_id: WABA_ID, phone_number_id });
});

test("what is no number is not taken for one", () => {
  const alert = { entity_type: "BUSINESS", entity_id: "7" };
  expect(sourceOf("account_alerts", alert).phone_number_id).toBeNull();
  expect(sourceOf("flows", { phone_number: "4930" }).display_phone_number).toBeNull();
});

test.each<[string, JsonObject]>([
  ["phone_number_quality_update", { display_phone_number: "4930", event: "FLAGGED" }],
  ["phone_number_name_update", { display_phone_number: "4930", decision: "APPROVED" }],
  ["security", { display_phone_number: "4930", event: "PIN_CHANGED" }],
  ["business_username_updates", { display_phone_number: "4930", status: "approved" }],
  ["messaging_handovers", { recipient: { display_phone_number: "4930" } }],
  ["account_update", { phone_number: "4930", event: "VERIFIED_ACCOUNT" }],
])("%s %j names the number for people", (field, value) => {
  expect(sourceOf(field, value)).toMatchObject({
    phone_number_id: null,
    display_phone_number: "4930",
  });
});
