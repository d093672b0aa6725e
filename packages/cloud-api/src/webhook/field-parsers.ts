import type { FieldParser } from "./context.ts";
import { parseAccountField } from "./fields/account-field.ts";
import { parseHandoverField } from "./fields/handover-field.ts";
import { listField } from "./fields/list-field.ts";
import { parseTemplateField } from "./fields/template-field.ts";

/** One parser per webhook field; a field without one is kept whole. */
export const fieldParsers: ReadonlyMap<string, FieldParser> = new Map([
  ["messages", listField("live")],
  ["calls", listField("live")],
  ["user_preferences", listField("live")],
  ["automatic_events", listField("live")],
  ["group_lifecycle_update", listField("live")],
  ["group_participants_update", listField("live")],
  // So spelled in one place of Meta's reference.
  ["group_participant_update", listField("live")],
  ["group_settings_update", listField("live")],
  ["group_status_update", listField("live")],

  // Numbers that are on the WhatsApp Business app too (coexistence).
  ["smb_message_echoes", listField("echo")],
  ["smb_app_state_sync", listField("live")],
  ["history", listField("history")],
  ["message_echoes", listField("echo")],

  // Conversations that Meta Business Agent may hold.
  ["standby", listField("standby")],
  ["messaging_handovers", parseHandoverField],

  ["message_template_status_update", parseTemplateField],
  ["message_template_quality_update", parseTemplateField],
  ["message_template_components_update", parseTemplateField],
  ["template_category_update", parseTemplateField],
  ["template_correct_category_detection", parseTemplateField],

  ["account_alerts", parseAccountField],
  ["account_review_update", parseAccountField],
  ["account_settings_update", parseAccountField],
  ["account_update", parseAccountField],
  ["business_capability_update", parseAccountField],
  ["business_username_updates", parseAccountField],
  // So spelled in one place of Meta's reference.
  ["business_username_update", parseAccountField],
  ["phone_number_name_update", parseAccountField],
  ["phone_number_quality_update", parseAccountField],
  ["security", parseAccountField],
  ["flows", parseAccountField],
  ["partner_solutions", parseAccountField],
  ["payment_configuration_update", parseAccountField],
  // Documented in March 2026, withdrawn in August: a changed user id comes as a system message.
  ["user_id_update", parseAccountField],
  // In Meta's dashboards, but not documented.
  ["consumer_profile", parseAccountField],
]);
