import { afterAll, beforeAll, expect, test } from "vitest";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  type TestTenant,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
let waba_id: string;
beforeAll(async () => {
  tenant = await createTenant(sql);
  waba_id = String(Math.floor(Math.random() * 1e14));
  await sql`
    update public.whatsapp_numbers set waba_id = ${waba_id}, display_phone_number = '+1 555 010 0777'
    where id = ${tenant.number_id}`;
});
afterAll(() => sql.end());

const AT = 1_795_000_000;
const at = (offset = 0): string => new Date((AT + offset) * 1000).toISOString();

interface Change {
  field: string;
  value: Record<string, unknown>;
  time?: number;
}

/** Posts a change for the tenant's number, and says what was kept of it instead of stored. */
async function post({ field, value, time }: Change): Promise<Record<string, number>> {
  const metadata = { display_phone_number: "15550100777", phone_number_id: tenant.phone_number_id };
  const about = time === undefined ? { messaging_product: "whatsapp", metadata } : {};
  const entry = {
    id: waba_id,
    ...(time === undefined ? {} : { time }),
    changes: [{ field, value: { ...about, ...value } }],
  };
  const answer = await postWebhook(
    JSON.stringify({ object: "whatsapp_business_account", entry: [entry] }),
  );
  expect(answer.status).toBe(200);
  const { kept }: { kept: Record<string, number> } = await answer.json();
  return kept;
}

/** Posts, reads, posts again, and reads the same. */
async function storedTwice<Row>(change: Change, read: () => PromiseLike<Row>): Promise<Row> {
  expect(await post(change)).toEqual({});
  const first = await read();
  expect(await post(change)).toEqual({});
  expect(await read()).toEqual(first);
  return first;
}

function message(from: string, parts: Record<string, unknown>): Change {
  const contacts = [{ wa_id: from, profile: { name: "Mara" } }];
  const item = { from, timestamp: String(AT), ...parts };
  return { field: "messages", value: { contacts, messages: [item] } };
}

const ofMessage = (wamid: string) => async () =>
  (
    await sql`
      select direction, origin, status, type, body, content, reply_to_wamid, occurred_at, unread_count
      from public.whatsapp_messages as message
      join public.whatsapp_conversations as conversation on conversation.id = conversation_id
      where message.number_id = ${tenant.number_id} and wamid = ${wamid}`
  )[0];

const contact = { name: { formatted_name: "Pablo Morales" }, phones: [{ phone: "+1 555 010" }] };

test.each([
  ["text", { text: { body: "Hello" } }, "Hello"],
  ["image", { image: { id: "1", mime_type: "image/jpeg", sha256: "x", caption: "Look" } }, "Look"],
  ["audio", { audio: { id: "1", mime_type: "audio/ogg", voice: true } }, null],
  ["video", { video: { id: "1", caption: "Film" } }, "Film"],
  ["document", { document: { id: "1", filename: "bill.pdf", caption: "The bill" } }, "The bill"],
  ["sticker", { sticker: { id: "1", animated: true } }, null],
  ["location", { location: { latitude: 52.5, longitude: 13.4, name: "Berlin" } }, "Berlin"],
  ["contacts", { contacts: [contact] }, "Pablo Morales"],
  ["button", { button: { payload: "yes", text: "Yes" } }, "Yes"],
  [
    "interactive",
    { interactive: { type: "list_reply", list_reply: { id: "1", title: "Rye" } } },
    "Rye",
  ],
  ["order", { order: { catalog_id: "1", product_items: [{ quantity: 2 }] } }, null],
  ["unsupported", { errors: [{ code: 131051, title: "Unsupported" }] }, null],
  ["request_welcome", {}, null],
  ["tomorrows_type", { tomorrows_type: { a: 1 } }, null],
])("an inbound %s is a message with its content whole", async (type, part, body) => {
  const wamid = newWamid();
  const change = message(newPhone(), { id: wamid, type, ...part });
  expect(await storedTwice(change, ofMessage(wamid))).toMatchObject({
    direction: "inbound",
    origin: "live",
    status: "received",
    type,
    body,
    content: { type, ...part },
    unread_count: 1,
  });
});

test("a reply, a forward and a referral keep what they refer to", async () => {
  const [reply, forward, referred] = [newWamid(), newWamid(), newWamid()];
  const text = { type: "text", text: { body: "Hi" } };
  const from = newPhone();
  await post(message(from, { id: reply, ...text, context: { from: "1555", id: "wamid.asked" } }));
  await post(message(from, { id: forward, ...text, context: { forwarded: true } }));
  await post(
    message(from, { id: referred, ...text, referral: { source_id: "ad-1", source_type: "ad" } }),
  );
  expect(await ofMessage(reply)()).toMatchObject({ reply_to_wamid: "wamid.asked" });
  expect(await ofMessage(forward)()).toMatchObject({ content: { context: { forwarded: true } } });
  expect(await ofMessage(referred)()).toMatchObject({
    content: { referral: { source_id: "ad-1" } },
  });
});

test("a voicemail, whose id is a call's, is a voice message", async () => {
  const wamid = `wacid.${newWamid()}`;
  const change = message(newPhone(), { id: wamid, type: "audio", audio: { id: "1", voice: true } });
  expect(await storedTwice(change, ofMessage(wamid))).toMatchObject({ type: "audio" });
});

test("a message into a group is in the group's conversation, and says who wrote it", async () => {
  const [wamid, from, group_id] = [newWamid(), newPhone(), `group-${newWamid()}`];
  const change = message(from, { id: wamid, group_id, type: "text", text: { body: "All here?" } });
  const row = await storedTwice(
    change,
    async () =>
      (
        await sql`
      select team.group_id, writer.phone, conversation.contact_id from public.whatsapp_messages as message
      join public.whatsapp_contacts as writer on writer.id = message.contact_id
      join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
      join public.whatsapp_groups as team on team.id = conversation.group_id
      where message.wamid = ${wamid}`
      )[0],
  );
  expect(row).toEqual({ group_id, phone: from, contact_id: null });
});

test("a status to a group is kept for each participant, and the message shows the furthest", async () => {
  const [wamid, to, group_id] = [newWamid(), newPhone(), `group-${newWamid()}`];
  const echo = {
    id: wamid,
    from: "15550100777",
    to,
    timestamp: String(AT),
    type: "text",
    text: { body: "x" },
  };
  await post({ field: "smb_message_echoes", value: { message_echoes: [echo] } });
  const status = (state: string, recipient_participant_id: string) => ({
    id: wamid,
    status: state,
    timestamp: String(AT + 1),
    recipient_id: group_id,
    recipient_type: "group",
    recipient_participant_id,
  });
  const statuses = [
    status("delivered", "49171"),
    status("read", "49172"),
    status("delivered", "49172"),
  ];
  const rows = await storedTwice({ field: "messages", value: { statuses } }, async () => [
    ...(await sql`
      select participant, recipient.status, message.status as of_message
      from public.whatsapp_message_recipients as recipient
      join public.whatsapp_messages as message on message.id = message_id
      where wamid = ${wamid} order by participant`),
  ]);
  expect(rows).toEqual([
    { participant: "49171", status: "delivered", of_message: "read" },
    { participant: "49172", status: "read", of_message: "read" },
  ]);
});

test("what the business wrote on its own phone is outbound, and nobody's unread message", async () => {
  const [wamid, to] = [newWamid(), newPhone()];
  const echo = {
    id: wamid,
    from: "15550100777",
    to,
    timestamp: String(AT),
    type: "text",
    text: { body: "By phone" },
  };
  const change = { field: "smb_message_echoes", value: { message_echoes: [echo] } };
  expect(await storedTwice(change, ofMessage(wamid))).toMatchObject({
    direction: "outbound",
    origin: "echo",
    status: "sent",
    body: "By phone",
    unread_count: 0,
  });
});

test("history comes in chunks out of order: both sides, no unread, media in the place of its placeholder", async () => {
  const [customer, shop, media] = [newWamid(), newWamid(), newWamid()];
  const from = newPhone();
  const ask = { from, id: customer, timestamp: String(AT), type: "text", text: { body: "Before" } };
  const answer = {
    from: "15550100777",
    id: shop,
    timestamp: String(AT + 1),
    type: "text",
    text: { body: "Then" },
  };
  const picture = { from, id: media, timestamp: String(AT + 2), type: "media_placeholder" };
  const chunk = (chunk_order: number, messages: unknown[]): Change => ({
    field: "history",
    value: {
      history: [
        { metadata: { phase: 0, chunk_order, progress: 50 }, threads: [{ id: from, messages }] },
      ],
    },
  });
  const read = { history_context: { status: "READ" } };
  await storedTwice(
    chunk(2, [
      { ...answer, ...read },
      { ...picture, ...read },
    ]),
    ofMessage(shop),
  );
  await storedTwice(chunk(1, [{ ...ask, ...read }]), ofMessage(customer));
  expect(await ofMessage(customer)()).toMatchObject({
    direction: "inbound",
    origin: "history",
    unread_count: 0,
  });
  expect(await ofMessage(shop)()).toMatchObject({
    direction: "outbound",
    status: "read",
    body: "Then",
  });
  expect(await ofMessage(media)()).toMatchObject({ type: "media_placeholder" });
  const image = { ...picture, type: "image", image: { id: "9", caption: "The cake" } };
  await storedTwice({ field: "history", value: { messages: [image] } }, ofMessage(media));
  expect(await ofMessage(media)()).toMatchObject({
    type: "image",
    body: "The cake",
    unread_count: 0,
  });
});

test("while Meta's agent holds the thread messages come by standby; a hand-over says who holds it", async () => {
  const [wamid, from] = [newWamid(), newPhone()];
  const item = {
    from,
    id: wamid,
    timestamp: String(AT),
    type: "text",
    text: { body: "A person, please" },
  };
  const standby = { contacts: [{ wa_id: from }], messages: [item] };
  expect(
    await storedTwice({ field: "standby", value: { standby } }, ofMessage(wamid)),
  ).toMatchObject({
    origin: "standby",
    unread_count: 1,
  });
  const handover = {
    field: "messaging_handovers",
    value: {
      type: "control_passed",
      sender: { phone_number: from },
      timestamp: String(AT + 5),
      previous_owner_role: "ai_agent",
      new_owner_role: "customer_service",
    },
  };
  const row = await storedTwice(
    handover,
    async () =>
      (
        await sql`
      select thread_owner from public.whatsapp_conversations as conversation
      join public.whatsapp_contacts as contact on contact.id = contact_id where contact.phone = ${from}`
      )[0],
  );
  expect(row).toEqual({ thread_owner: "customer_service" });
});

test("a call is one row from ringing to its end, and opens the window when the customer calls", async () => {
  const [call_id, from] = [`wacid.${newWamid()}`, newPhone()];
  const event = (name: string, parts: object): Change => ({
    field: "calls",
    value: {
      calls: [
        {
          id: call_id,
          from,
          to: "15550100777",
          event: name,
          direction: "USER_INITIATED",
          ...parts,
        },
      ],
    },
  });
  await post(event("terminate", { timestamp: String(AT + 60), duration: 55 }));
  const row = await storedTwice(
    event("connect", { timestamp: String(AT) }),
    async () =>
      (
        await sql`
      select call.status, call.direction, call.occurred_at, duration_s, customer_window_expires_at from public.whatsapp_calls as call
      join public.whatsapp_conversations as conversation on conversation.id = conversation_id
      where call_id = ${call_id}`
      )[0],
  );
  expect(row).toEqual({
    status: "ended",
    direction: "inbound",
    occurred_at: new Date(at()),
    duration_s: 55,
    customer_window_expires_at: new Date(at(60 + 24 * 3600)),
  });
});

test("a customer's wish about marketing: the latest counts, in whatever order it comes", async () => {
  const wa_id = newPhone();
  const wish = (value: string, timestamp: number): Change => ({
    field: "user_preferences",
    value: {
      contacts: [{ wa_id }],
      user_preferences: [{ wa_id, category: "marketing_messages", value, timestamp }],
    },
  });
  const read = async () =>
    (await sql`select marketing_opted_out from public.whatsapp_contacts where phone = ${wa_id}`)[0];
  expect(await storedTwice(wish("stop", AT + 10), read)).toEqual({ marketing_opted_out: true });
  expect(await storedTwice(wish("resume", AT), read)).toEqual({ marketing_opted_out: true });
  expect(await storedTwice(wish("resume", AT + 20), read)).toEqual({ marketing_opted_out: false });
});

test("the address book of the business's phone names contacts", async () => {
  const phone_number = newPhone();
  const entry = { type: "contact", contact: { full_name: "Pablo", phone_number }, action: "add" };
  const change = {
    field: "smb_app_state_sync",
    value: { state_sync: [{ ...entry, metadata: { timestamp: String(AT) } }] },
  };
  const read = async () =>
    (await sql`select saved_name from public.whatsapp_contacts where phone = ${phone_number}`)[0];
  expect(await storedTwice(change, read)).toEqual({ saved_name: "Pablo" });
});

test("a changed number keeps the contact, its conversation, and what was written before but comes late", async () => {
  const [before, after] = [newPhone(), newPhone()];
  const [first, late] = [newWamid(), newWamid()];
  await post(message(before, { id: first, type: "text", text: { body: "Old number" } }));
  const system = { type: "user_changed_number", body: "changed", wa_id: after };
  const change = {
    field: "messages",
    value: {
      messages: [
        { from: before, id: newWamid(), timestamp: String(AT + 10), type: "system", system },
      ],
    },
  };
  const read = async () => [
    ...(await sql`
      select contact.phone, merges.reason, merges.merged ->> 'phone' as before from public.whatsapp_contacts as contact
      left join public.whatsapp_contact_merges as merges on merges.contact_id = contact.id
      where contact.phone in (${before}, ${after})`),
  ];
  expect(await storedTwice(change, read)).toEqual([
    { phone: after, reason: "changed_number", before },
  ]);
  await post(message(before, { id: late, type: "text", text: { body: "Late" } }));
  expect(await read()).toHaveLength(1);
  const [row] = await sql`
    select count(distinct conversation_id)::integer as conversations from public.whatsapp_messages
    where wamid in (${first}, ${late})`;
  expect(row).toEqual({ conversations: 1 });
});

const template = {
  message_template_id: 1234567890123456,
  message_template_name: "hello",
  message_template_language: "en",
};

test("templates: status, quality and category, each as the latest event says", async () => {
  const event = (field: string, value: object, time: number): Change => ({
    field,
    time,
    value: { ...template, ...value },
  });
  const read = async () =>
    (
      await sql`
        select template_id, name, language, status, quality, category from public.whatsapp_templates
        where tenant_id = ${tenant.tenant_id}`
    )[0];
  await post(event("message_template_status_update", { event: "PAUSED", reason: "NONE" }, AT + 20));
  await post(
    event(
      "message_template_quality_update",
      { previous_quality_score: "GREEN", new_quality_score: "RED" },
      AT + 10,
    ),
  );
  await post(
    event(
      "template_category_update",
      { previous_category: "UTILITY", new_category: "MARKETING" },
      AT + 5,
    ),
  );
  const late = event("message_template_status_update", { event: "APPROVED", reason: "NONE" }, AT);
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
