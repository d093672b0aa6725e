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
import { connect, newPhone, newWamid } from "./support/workbench.ts";

const sql = connect();
let tenant: Addressee;
beforeAll(async () => {
  tenant = await createAddressee(sql);
});
afterAll(() => sql.end());

const post = (change: Change) => postChange(tenant, change);
const storedTwice = <Row>(change: Change, read: () => PromiseLike<Row>) =>
  storeTwice(tenant, change, read);

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
