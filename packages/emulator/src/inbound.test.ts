import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import {
  ACCESS_TOKEN,
  MARA,
  NUMBER_ID,
  WABA_ID,
  arrived,
  createReceiver,
  createTestEmulator,
  sendOk,
  valueOf,
} from "./test-support.ts";

async function start(options: Parameters<typeof createTestEmulator>[0] = {}) {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: url, ...options });
  const mara = emulator.addCustomer({ phone: `+${MARA}`, name: "Mara", username: "@mara" });
  return { emulator, received, mara };
}

test("a customer's text arrives as Meta sends it", async () => {
  const now = Date.UTC(2026, 9, 1, 12);
  const { emulator, received, mara } = await start({ now: () => now });
  const { id } = emulator.sendFromCustomer(MARA, { text: { body: "Hello" } });
  await arrived(received, 1);
  expect(JSON.parse(received[0]?.bytes.toString() ?? "")).toEqual({
    object: "whatsapp_business_account",
    entry: [
      {
        id: WABA_ID,
        changes: [
          {
            value: {
              messaging_product: "whatsapp",
              metadata: { display_phone_number: "15550783881", phone_number_id: NUMBER_ID },
              contacts: [
                {
                  profile: { name: "Mara", username: "@mara" },
                  wa_id: MARA,
                  user_id: mara.user_id,
                },
              ],
              messages: [
                {
                  from: MARA,
                  from_user_id: mara.user_id,
                  id,
                  timestamp: String(now / 1000),
                  type: "text",
                  text: { body: "Hello" },
                },
              ],
            },
            field: "messages",
          },
        ],
      },
    ],
  });
});

test("who hides the phone is known by user id alone, in every byte", async () => {
  const { emulator, received } = await start();
  const phone = "16505551234";
  const bsuid = "US.13491208655302741918";
  emulator.addCustomer({ phone, name: "Sheena", bsuid, share_phone: false });
  const own = emulator.sendFromCustomer(bsuid, { text: { body: "Hello" } });
  await arrived(received, 1);
  emulator.sendFromCustomer(bsuid, { text: { body: "Anyone?" }, context: own });
  await arrived(received, 2);
  const [first, second] = received;
  if (!first || !second) throw new Error("nothing arrived");
  expect(second.bytes.toString()).not.toContain(phone);
  expect(valueOf(second)).toMatchObject({ messages: [{ context: own }] });
  const value = valueOf(first);
  expect(value).toMatchObject({
    contacts: [{ profile: { name: "Sheena" }, user_id: bsuid }],
    messages: [{ from_user_id: bsuid, text: { body: "Hello" } }],
  });
  const id = z.object({ messages: z.tuple([z.object({ id: z.string() })]) }).parse(value)
    .messages[0].id;
  const decoded = Buffer.from(id.slice("wamid.".length), "base64").toString("latin1");
  for (const text of [first.bytes.toString(), decoded]) expect(text).not.toContain(phone);
  expect(first.bytes.toString()).not.toMatch(/"(from|wa_id)"/);
});

test("two customers are two chats", async () => {
  const { emulator, received } = await start();
  emulator.addCustomer({ phone: "16505551234", name: "Sheena" });
  const one = emulator.sendFromCustomer(MARA, { text: { body: "one" } });
  const two = emulator.sendFromCustomer("16505551234", { text: { body: "two" } });
  await arrived(received, 2);
  const reply = await sendOk(emulator);
  expect(emulator.customerMessages(MARA).map(({ id }) => id)).toEqual([one.id, reply]);
  expect(emulator.customerMessages("16505551234").map(({ id }) => id)).toEqual([two.id]);
  expect(new Set(emulator.state().customers.map(({ user_id }) => user_id)).size).toBe(2);
});

test("a reply names what it answers and who wrote that", async () => {
  const { emulator, received } = await start();
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  const question = await sendOk(emulator);
  await arrived(received, 3);
  received.length = 0;
  const button_reply = { id: "yes", title: "Yes" };
  emulator.sendFromCustomer(MARA, {
    type: "interactive",
    interactive: { type: "button_reply", button_reply },
    context: { id: question },
  });
  await arrived(received, 1);
  expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toMatchObject({
    messages: [
      {
        context: { from: "15550783881", id: question },
        type: "interactive",
        interactive: { type: "button_reply", button_reply },
      },
    ],
  });
});

test("any message object travels whole, but nobody writes under another's name", async () => {
  const { emulator, received } = await start();
  const referral = { source_type: "ad", source_id: "1" };
  const given = {
    type: "text",
    text: { body: "Hi" },
    referral,
    from: "1",
    id: "wamid.x",
    timestamp: "0",
  };
  const { id } = emulator.sendFromCustomer(MARA, given);
  await arrived(received, 1);
  expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toMatchObject({
    messages: [{ referral, from: MARA, id }],
  });
});

test("a system message has no contacts", async () => {
  const { emulator, received } = await start();
  emulator.sendFromCustomer(MARA, { type: "system", system: { type: "user_changed_number" } });
  await arrived(received, 1);
  expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).not.toHaveProperty("contacts");
});

test("media from a customer can be downloaded by the id and by the link in the webhook", async () => {
  const { emulator, received } = await start();
  const { url } = await emulator.listen();
  const bytes = Buffer.from("%PDF-1.7 Grüße");
  const document = { filename: "a.pdf", caption: "Here", data: bytes.toString("base64") };
  emulator.sendFromCustomer(MARA, { type: "document", document });
  await arrived(received, 1);
  const media = z
    .object({ messages: z.tuple([z.object({ document: z.record(z.string(), z.string()) })]) })
    .parse(valueOf(received[0] ?? { bytes: Buffer.from("") })).messages[0].document;
  expect(media).toEqual({
    filename: "a.pdf",
    caption: "Here",
    mime_type: "application/pdf",
    sha256: createHash("sha256").update(bytes).digest("base64"),
    id: expect.stringMatching(/^\d{16}$/),
    url: expect.stringContaining(`${url}/whatsapp_business/attachments/?mid=`),
  });
  const headers = { authorization: `Bearer ${ACCESS_TOKEN}` };
  const downloaded = await fetch(media["url"] ?? "", { headers });
  expect(Buffer.from(await downloaded.arrayBuffer())).toEqual(bytes);
  expect((await fetch(`${url}/v26.0/${media["id"]}`, { headers })).status).toBe(200);
});

test("an image needs no file; other media without data or id is refused", async () => {
  const { emulator, received } = await start();
  emulator.sendFromCustomer(MARA, { type: "image", image: { caption: "Look" } });
  await arrived(received, 1);
  expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toMatchObject({
    messages: [{ image: { caption: "Look", mime_type: "image/png", id: expect.any(String) } }],
  });
  expect(() => emulator.sendFromCustomer(MARA, { type: "audio", audio: {} })).toThrow(
    /audio needs data/,
  );
});

test("the customer's ticks: one until the webhook is taken, two after", async () => {
  let status = 500;
  const { url } = await createReceiver(() => status);
  const emulator = createTestEmulator({ webhook_url: url });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  await vi.waitFor(() => expect(emulator.deliveries()[0]?.attempts).toBeGreaterThan(1));
  expect(emulator.customerMessages(MARA)).toMatchObject([{ status: "sent" }]);
  status = 200;
  await vi.waitFor(() =>
    expect(emulator.customerMessages(MARA)).toMatchObject([{ status: "delivered" }]),
  );
});
