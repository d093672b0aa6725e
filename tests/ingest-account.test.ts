import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Addressee,
  AT,
  at,
  type Change,
  createAddressee,
  postChange,
  storedTwice as storeTwice,
} from "./support/changes.ts";
import { connect, newWamid, type TestTenant } from "./support/workbench.ts";

const sql = connect();
let tenant: Addressee;
beforeAll(async () => {
  tenant = await createAddressee(sql);
});
afterAll(() => sql.end());

const post = (change: Change) => postChange(tenant, change);
const storedTwice = <Row>(change: Change, read: () => PromiseLike<Row>) =>
  storeTwice(tenant, change, read);

const template = {
  message_template_id: 1234567890123456,
  message_template_name: "hello",
  message_template_language: "en",
};

function templateChange(field: string, value: object, time: number): Change {
  return { field, time, value: { ...template, ...value } };
}

test("templates: status, quality and category, each as the latest event says", async () => {
  const read = async () =>
    (
      await sql`
        select template_id, name, language, status, quality, category from public.whatsapp_templates
        where tenant_id = ${tenant.tenant_id}`
    )[0];
  await post(
    templateChange("message_template_status_update", { event: "PAUSED", reason: "NONE" }, AT + 20),
  );
  await post(
    templateChange(
      "message_template_quality_update",
      { previous_quality_score: "GREEN", new_quality_score: "RED" },
      AT + 10,
    ),
  );
  await post(
    templateChange(
      "template_category_update",
      { previous_category: "UTILITY", new_category: "MARKETING" },
      AT + 5,
    ),
  );
  const late = templateChange(
    "message_template_status_update",
    { event: "APPROVED", reason: "NONE" },
    AT,
  );
  expect(await storedTwice(late, read)).toEqual({
    template_id: "1234567890123456",
    name: "hello",
    language: "en",
    status: "PAUSED",
    quality: "RED",
    category: "MARKETING",
  });
});

test("groups: subject and state, each as the latest event says", async () => {
  const group_id = `group-${newWamid()}`;
  const event = (field: string, item: object, offset: number): Change => ({
    field,
    value: { groups: [{ group_id, timestamp: String(AT + offset), ...item }] },
  });
  await post(event("group_lifecycle_update", { type: "group_delete" }, 20));
  const created = event("group_lifecycle_update", { type: "group_create", subject: "Bakers" }, 0);
  const row = await storedTwice(
    created,
    async () =>
      (
        await sql`select subject, last_event from public.whatsapp_groups where group_id = ${group_id}`
      )[0],
  );
  expect(row).toEqual({ subject: "Bakers", last_event: "group_delete" });
});

test("what Meta says about the number shows on the number", async () => {
  const quality = {
    display_phone_number: "15550100777",
    event: "UPGRADE",
    current_limit: "TIER_10K",
  };
  const name = {
    display_phone_number: "15550100777",
    decision: "APPROVED",
    requested_verified_name: "Bakery",
  };
  await post({ field: "phone_number_name_update", time: AT, value: name });
  const change = { field: "phone_number_quality_update", time: AT, value: quality };
  const row = await storedTwice(
    change,
    async () =>
      (
        await sql`
      select verified_name, messaging_limit, quality_event from public.whatsapp_numbers where id = ${tenant.number_id}`
      )[0],
  );
  expect(row).toEqual({
    verified_name: "Bakery",
    messaging_limit: "TIER_10K",
    quality_event: "UPGRADE",
  });
});

test.each([
  ["account_update", { event: "ACCOUNT_VIOLATION", violation_info: { violation_type: "ADULT" } }],
  ["account_review_update", { decision: "APPROVED" }],
  ["account_alerts", { alert_type: "OBA_APPROVED", alert_severity: "INFORMATIONAL" }],
  ["account_settings_update", { type: "phone_number_settings" }],
  ["business_capability_update", { max_daily_conversations_per_business: 2000 }],
  ["business_username_updates", { status: "approved", username: "bakery" }],
  ["security", { display_phone_number: "15550100777", event: "PIN_CHANGED" }],
  ["flows", { event: "FLOW_STATUS_CHANGE", flow_id: "1", new_status: "PUBLISHED" }],
  ["payment_configuration_update", { configuration_name: "upi", status: "Active" }],
])("%s is an event of the account, kept once, that admins alone read", async (field, value) => {
  const change = { field, time: AT, value };
  const rows = await storedTwice(change, async () => [
    ...(await sql`
      select content -> 'content' as content, occurred_at from public.whatsapp_account_events
      where tenant_id = ${tenant.tenant_id} and field = ${field}`),
  ]);
  expect(rows).toEqual([{ content: expect.objectContaining(value), occurred_at: new Date(at()) }]);
  const seen = async (member: TestTenant["admin"]) =>
    (await member.from("whatsapp_account_events").select("id").eq("field", field)).data?.length;
  expect([await seen(tenant.admin), await seen(tenant.agent)]).toEqual([1, 0]);
});

test("an error of Meta's that is about no message is an event of the account", async () => {
  const errors = [{ code: 130429, title: "Rate limit hit" }];
  const rows = await storedTwice({ field: "messages", value: { errors } }, async () => [
    ...(await sql`
      select event from public.whatsapp_account_events
      where tenant_id = ${tenant.tenant_id} and content -> 'content' ->> 'code' = '130429'`),
  ]);
  expect(rows).toEqual([{ event: "error" }]);
});

test("a field that nobody has seen yet is kept whole and found by its name", async () => {
  const value = { tomorrow: [{ id: newWamid() }] };
  expect(await post({ field: "tomorrows_field", value })).toEqual({ unhandled_field: 1 });
  const [row] = await sql`
    select content -> 'value' -> 'tomorrow' as tomorrow from wabase.webhook_events
    where field = 'tomorrows_field' and content::text like ${`%${value.tomorrow[0]?.id}%`}`;
  expect(row).toEqual(value);
});
