import { expect, test } from "vitest";
import { fieldParsers } from "./field-parsers.ts";
import { eventsOfValue } from "./test-bodies.ts";

// Every webhook field of Meta's documentation and dashboards in autumn 2026.
const FIELDS =
  "messages message_template_status_update message_template_quality_update " +
  "message_template_components_update template_category_update " +
  "template_correct_category_detection account_update account_review_update account_alerts " +
  "account_settings_update business_capability_update business_username_updates " +
  "phone_number_name_update phone_number_quality_update security user_preferences history " +
  "smb_app_state_sync smb_message_echoes calls group_lifecycle_update group_participants_update " +
  "group_settings_update group_status_update flows standby messaging_handovers automatic_events " +
  "partner_solutions payment_configuration_update user_id_update message_echoes consumer_profile";

test.each(FIELDS.split(" "))("%s has a parser", (field) => {
  expect(fieldParsers.has(field)).toBe(true);
  const [event] = eventsOfValue(field, { event: "SOMETHING" });
  expect(event).toBeDefined();
  expect(event).not.toMatchObject({ reason: "unhandled_field" });
});

test.each(["group_participant_update", "business_username_update"])(
  "%s, as Meta spells it in one place, has one too",
  (field) => {
    expect(fieldParsers.has(field)).toBe(true);
  },
);
