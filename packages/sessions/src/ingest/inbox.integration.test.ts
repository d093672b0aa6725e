import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { joinWhatsApp } from "../../../../tests/support/whatsapp-web/index.ts";
import {
  readMessages,
  sessionRow,
  startSessionStack,
  theMessage,
} from "../../../../tests/support/whatsapp-web/session-stack.ts";
import { serviceClient } from "../../../../tests/support/workbench.ts";
import { wamidOfRow } from "../connection/queued-message.ts";
import { translateWebJournal } from "./translate.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const stack = await startSessionStack();
const sessions = stack.newManager();
const { connection, shop, jid } = await stack.openPaired(sessions, "main");
const pablo = await joinWhatsApp(stack.server, {
  phone: "4915100000002",
  lid: "102",
  name: "Pablo",
});
afterAll(async () => {
  await sessions.close();
  await pablo.close();
  await stack.stop();
});

describe("what a session hears", () => {
  test("of a customer's text: one row, one conversation, the customer's name, unread", async () => {
    await stack.mara.send(jid, "Are you open?");
    expect(await theMessage(stack, { body: "Are you open?" })).toMatchObject({
      type: "text",
      direction: "inbound",
      origin: "live",
      status: "received",
      wamid: expect.stringMatching(/^web\.101\.3EB0/),
      phone: stack.mara.person.phone,
      profile_name: "Mara",
    });
    const { data } = await stack.tenant.agent
      .from("whatsapp_messages")
      .select("body")
      .eq("body", "Are you open?");
    expect(data).toHaveLength(1);
  });

  test("of what it sends itself: a row whose status follows the receipts", async () => {
    const sent = await connection.send(stack.mara.jid, { text: "Until six." });
    expect(sent.status).toBe("accepted");
    const wamid = `web.me.${sent.id}`;
    await theMessage(stack, { wamid }, ({ status }) => status === "delivered");
    const key = { remoteJid: jid, id: sent.id, fromMe: false };
    await stack.mara.socket.readMessages([key]);
    expect(await theMessage(stack, { wamid }, ({ status }) => status === "read")).toMatchObject({
      direction: "outbound",
      body: "Until six.",
      phone: stack.mara.person.phone,
    });
  });

  test("of an outbox row: the row itself, with WhatsApp's receipts, and no second one", async () => {
    const conversation = await theMessage(stack, { body: "Are you open?" });
    const { data } = await serviceClient().rpc("whatsapp_enqueue_message", {
      message: {
        phone_number_id: (await sessionRow(stack, "main"))?.phone_number_id ?? "",
        to: `+${conversation.phone}`,
        type: "text",
        text: { body: "From the outbox" },
        context: { message_id: conversation.wamid },
      },
    });
    const { id } = z.object({ id: z.string() }).parse(data);
    await expect.poll(() => stack.mara.texts, { timeout: 20_000 }).toContain("From the outbox");
    const row = await theMessage(
      stack,
      { body: "From the outbox" },
      ({ status }) => status === "delivered",
    );
    expect(row).toMatchObject({ id, wamid: wamidOfRow(id), reply_to_wamid: conversation.wamid });
    const quoted = stack.mara.messages.at(-1)?.message?.extendedTextMessage?.contextInfo?.stanzaId;
    expect(conversation.wamid.endsWith(quoted ?? "?")).toBe(true);
  });

  test("of a reaction, its removal, an edit and a deletion: the same as from Meta's webhooks", async () => {
    const sent = await stack.mara.send(jid, "Two croisants please");
    const { id, wamid } = await theMessage(stack, { body: "Two croisants please" });
    const own = { ...sent.key, remoteJid: jid };
    const reactions = async (): Promise<unknown[]> => [
      ...(await stack.sql`select emoji from public.whatsapp_reactions where target_wamid = ${wamid}`),
    ];
    await stack.mara.sendAny(jid, { react: { key: own, text: "🥐" } });
    await expect.poll(reactions, { timeout: 20_000 }).toEqual([{ emoji: "🥐" }]);
    await stack.mara.sendAny(jid, { text: "Two croissants please", edit: own });
    expect((await theMessage(stack, { wamid }, ({ edited_at }) => edited_at !== null)).body).toBe(
      "Two croissants please",
    );
    await stack.mara.sendAny(jid, { delete: own });
    const deleted = await theMessage(stack, { wamid }, ({ revoked_at }) => revoked_at !== null);
    expect(deleted).toMatchObject({ id, body: "Two croissants please" });
  });

  test("of a stranger who names another's message: that message stays as it is", async () => {
    const sent = await stack.mara.send(jid, "Keep this");
    const { wamid } = await theMessage(stack, { body: "Keep this" });
    const forged = { remoteJid: jid, fromMe: true, id: sent.key.id ?? "" };
    await pablo.sendAny(jid, { text: "Something else", edit: forged });
    await pablo.sendAny(jid, { delete: forged });
    await pablo.send(jid, "Hello from Pablo");
    await theMessage(stack, { body: "Hello from Pablo" });
    expect(await theMessage(stack, { wamid })).toMatchObject({
      body: "Keep this",
      edited_at: null,
      revoked_at: null,
    });
  });

  test("of the shop's own phone: an echo in the customer's conversation", async () => {
    const phone = await joinWhatsApp(stack.server, shop);
    onTestFinished(async () => await phone.close());
    await phone.send(stack.mara.jid, "Written on the phone");
    expect(await theMessage(stack, { body: "Written on the phone" })).toMatchObject({
      direction: "outbound",
      origin: "echo",
      phone: stack.mara.person.phone,
    });
  });

  test("of a group: one conversation, and who wrote each message; ours too", async () => {
    const group_id = `120363000000001@g.us`;
    const members = [stack.mara.person.phone, pablo.person.phone, shop.phone];
    stack.server.directory.groups.set(group_id, { jid: group_id, subject: "Market day", members });
    await stack.mara.send(group_id, "Who brings the tent?");
    expect(await theMessage(stack, { body: "Who brings the tent?" })).toMatchObject({
      group_id,
      writer: stack.mara.person.phone,
      wamid: expect.stringMatching(/^web\.101\.12036300000000\d+\.3EB0/),
    });
    const answer = await connection.send(group_id, { text: "We do" });
    expect(answer.status).toBe("accepted");
    const sent = await theMessage(stack, { body: "We do" });
    expect(sent).toMatchObject({ direction: "outbound", group_id, writer: null });
    await expect.poll(() => pablo.texts, { timeout: 20_000 }).toContain("We do");
    await theMessage(stack, { body: "We do" }, ({ status }) => status === "delivered");
    const recipients = await stack.sql`
      select participant from public.whatsapp_message_recipients where message_id = ${sent.id} order by 1`;
    expect(recipients.length).toBeGreaterThanOrEqual(1);
  });

  test("of the history and the address book of the phone: messages without unread, names as saved", async () => {
    const rosa = "4915100000077@s.whatsapp.net";
    connection.socket?.ev.emit("messaging-history.set", {
      chats: [],
      contacts: [{ id: rosa, name: "Aunt Rosa" }],
      messages: [
        {
          key: { remoteJid: rosa, fromMe: false, id: "OLD1" },
          messageTimestamp: 1_700_000_000,
          pushName: "Rosa",
          message: { conversation: "An old question" },
        },
      ],
      isLatest: true,
    });
    const old = await theMessage(stack, { body: "An old question" });
    expect(old).toMatchObject({ origin: "history", phone: "4915100000077" });
    const contact = async (): Promise<unknown> => {
      const [row] = await stack.sql`
        select contact.saved_name, conversation.unread_count
        from public.whatsapp_contacts as contact
        join public.whatsapp_conversations as conversation on conversation.contact_id = contact.id
        where contact.phone = '4915100000077' and contact.tenant_id = ${stack.tenant.tenant_id}`;
      return row;
    };
    await expect
      .poll(contact, { timeout: 20_000 })
      .toEqual({ saved_name: "Aunt Rosa", unread_count: 0 });
  });

  test("of somebody whose phone is known later: one contact, one conversation in the end", async () => {
    const ev = connection.socket?.ev;
    const hidden = "88800099@lid";
    ev?.emit("messages.upsert", {
      type: "notify",
      messages: [
        {
          key: { remoteJid: hidden, fromMe: false, id: "HID1" },
          messageTimestamp: 1_795_000_000,
          message: { conversation: "Nobody knows my number" },
        },
      ],
    });
    expect(await theMessage(stack, { body: "Nobody knows my number" })).toMatchObject({
      phone: null,
    });
    ev?.emit("messages.upsert", {
      type: "notify",
      messages: [
        {
          key: {
            remoteJid: hidden,
            remoteJidAlt: "4915100000099@s.whatsapp.net",
            fromMe: false,
            id: "HID2",
          },
          messageTimestamp: 1_795_000_001,
          message: { conversation: "Now you do" },
        },
      ],
    });
    expect(await theMessage(stack, { body: "Now you do" })).toMatchObject({
      phone: "4915100000099",
    });
    const first = await theMessage(stack, { body: "Nobody knows my number" });
    expect(first.phone).toBe("4915100000099");
    const contacts = await stack.sql`
      select phone, bsuid from public.whatsapp_contacts
      where tenant_id = ${stack.tenant.tenant_id} and (phone = '4915100000099' or bsuid = 'lid.88800099')`;
    expect(contacts).toEqual([{ phone: "4915100000099", bsuid: null }]);
  });

  test("is in the journal without anything secret, and its replay ends in the same rows", async () => {
    const number = (await sessionRow(stack, "main"))?.phone_number_id ?? "";
    const entries = await stack.sql<{ id: string; body: string }[]>`
      select id, body from wabase.webhook_journal where position(${number} in body) > 0`;
    expect(entries.length).toBeGreaterThan(5);
    for (const { body } of entries) {
      expect(body).not.toMatch(/messageSecret|senderKeyDistribution|axolotl|appStateSyncKey/i);
    }
    const before = await readMessages(stack);
    for (const { id, body } of entries) {
      const { events } = translateWebJournal(JSON.parse(body));
      const { error } = await serviceClient().rpc("whatsapp_ingest", {
        deliveries: [{ journal_id: Number(id), events }],
      });
      expect(error).toBeNull();
    }
    expect(await readMessages(stack)).toEqual(before);
    expect(
      await stack.sql`select reason, detail from wabase.webhook_events where phone_number_id = ${number}`,
    ).toEqual([]);
  });
});
