import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import { ENTRY_TIME_ISO, eventsOfValue, WABA_ID } from "../test-bodies.ts";

test("news about the account, in full", () => {
  const value = {
    event: "ACCOUNT_RESTRICTION",
    phone_number: "493012345678",
    restriction_info: [{ restriction_type: "RESTRICTED_ADD_PHONE_NUMBER_ACTION" }],
  };
  expect(eventsOfValue("account_update", value)).toEqual([
    {
      kind: "account",
      field: "account_update",
      waba_id: WABA_ID,
      phone_number_id: null,
      display_phone_number: "493012345678",
      event: "ACCOUNT_RESTRICTION",
      severity: null,
      timestamp: ENTRY_TIME_ISO,
      content: value,
    },
  ]);
});

const alert_info = { alert_type: "OBA_APPROVED", alert_severity: "INFORMATIONAL" };

test.each<[string, JsonObject, string, string | null]>([
  ["account_review_update", { decision: "APPROVED" }, "APPROVED", null],
  ["account_alerts", { entity_type: "BUSINESS", alert_info }, "OBA_APPROVED", "INFORMATIONAL"],
  ["account_alerts", alert_info, "OBA_APPROVED", "INFORMATIONAL"],
  [
    "account_alerts",
    { alert_type: "OBA_REJECTED", severity: "CRITICAL" },
    "OBA_REJECTED",
    "CRITICAL",
  ],
  ["account_settings_update", { type: "phone_number_settings" }, "account_settings_update", null],
  [
    "business_capability_update",
    { max_phone_numbers_per_business: 2 },
    "business_capability_update",
    null,
  ],
  ["business_username_updates", { status: "approved" }, "business_username_updates", null],
  ["phone_number_name_update", { decision: "REJECTED", rejection_reason: null }, "REJECTED", null],
  ["phone_number_quality_update", { event: "THROUGHPUT_UPGRADE" }, "THROUGHPUT_UPGRADE", null],
  ["security", { event: "PIN_CHANGED" }, "PIN_CHANGED", null],
  ["flows", { event: "CLIENT_ERROR_RATE", errors: [{}, {}] }, "CLIENT_ERROR_RATE", null],
  ["partner_solutions", { event: "SOLUTION_CREATED" }, "SOLUTION_CREATED", null],
  [
    "payment_configuration_update",
    { status: "Needs Testing" },
    "payment_configuration_update",
    null,
  ],
  ["user_id_update", { user_id_update: [{}, {}] }, "user_id_update", null],
  ["consumer_profile", {}, "consumer_profile", null],
])("%s %j is one event %s", (...row) => {
  const [field, value, event, severity] = row;
  expect(eventsOfValue(field, value)).toMatchObject([
    { kind: "account", field, event, severity, timestamp: ENTRY_TIME_ISO, content: value },
  ]);
});

test.each([
  "ACCOUNT_DELETED",
  "ACCOUNT_OFFBOARDED",
  "ACCOUNT_RECONNECTED",
  "ACCOUNT_VIOLATION",
  "AD_ACCOUNT_LINKED",
  "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
  "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
  "DISABLED_UPDATE",
  "MM_LITE_TERMS_SIGNED",
  "PARTNER_ADDED",
  "PARTNER_REMOVED",
  "PARTNER_APP_INSTALLED",
  "PARTNER_APP_UNINSTALLED",
  "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
  "VERIFIED_ACCOUNT",
  "VOLUME_BASED_PRICING_TIER_UPDATE",
  "SOMETHING_NEW",
])("account_update %s", (event) => {
  expect(eventsOfValue("account_update", { event })).toMatchObject([{ kind: "account", event }]);
});

test("parts of another type are read past, and the event lives", () => {
  const value = { event: 5, decision: null, alert_info: "x", severity: [], timestamp: {} };
  expect(eventsOfValue("account_alerts", value)).toMatchObject([
    { kind: "account", event: "account_alerts", severity: null, content: value },
  ]);
});

test.each([null, "x", 1, []])("a value of %j is invalid, whole", (value) => {
  expect(eventsOfValue("security", value)).toMatchObject([
    {
      reason: "invalid",
      detail: "entry[0].changes[0].value: expected an object",
      content: { field: "security", value },
    },
  ]);
});
