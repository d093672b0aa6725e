import { expect, test } from "vitest";
import type { Emulator } from "../create-emulator.ts";
import { MARA, NUMBER_ID, createTestEmulator, send, sendOk } from "../test-support.ts";
import { TYPING_MS } from "./read-receipt.ts";

const NOW = Date.UTC(2026, 9, 1);

function start() {
  const emulator = createTestEmulator({ now: () => NOW });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.addCustomer({ phone: "16505551234", name: "Sheena" });
  const write = (phone: string) => emulator.sendFromCustomer(phone, { text: { body: "Hi" } }).id;
  return { emulator, write };
}

const markRead = (emulator: Emulator, message_id: string, more: object = {}) =>
  send(emulator, {
    to: undefined,
    type: undefined,
    text: undefined,
    status: "read",
    message_id,
    ...more,
  });

test("marks this message and earlier ones of the same customer, no later and no other one", async () => {
  const { emulator, write } = start();
  const [first, second, third] = [write(MARA), write(MARA), write(MARA)];
  const other = write("16505551234");
  expect(await markRead(emulator, second)).toEqual({ status: 200, body: { success: true } });
  const ticks = emulator.customerMessages(MARA).map(({ id, status }) => [id, status]);
  expect(ticks).toEqual([
    [first, "read"],
    [second, "read"],
    [third, "sent"],
  ]);
  expect(emulator.customerMessages("16505551234")).toMatchObject([{ id: other, status: "sent" }]);
});

test("an unknown message, or one of the business's own, is refused", async () => {
  const { emulator, write } = start();
  write(MARA);
  const own = await sendOk(emulator);
  for (const id of ["wamid.unknown", own]) {
    expect(await markRead(emulator, id)).toMatchObject({
      status: 400,
      body: { error: { code: 131009, error_data: { messaging_product: "whatsapp" } } },
    });
  }
});

test("a receipt is no message: the ledger stays empty and planned failures stay planned", async () => {
  const { emulator, write } = start();
  emulator.updateSettings({ fail_next: 131000 });
  expect((await markRead(emulator, write(MARA))).status).toBe(200);
  expect(emulator.accepted()).toEqual([]);
  expect(emulator.state().settings.fail_next).toHaveLength(1);
});

test("the typing indicator shows for 25 seconds, or until the answer", async () => {
  const { emulator, write } = start();
  const seen: unknown[] = [];
  emulator.on("typing", (typing) => seen.push(typing));
  await markRead(emulator, write(MARA), { typing_indicator: { type: "text" } });
  expect(seen).toEqual([{ phone_number_id: NUMBER_ID, phone: MARA, until: NOW + TYPING_MS }]);
  await sendOk(emulator);
  const chat = emulator.state().chats.find(({ phone }) => phone === MARA);
  expect(chat).toMatchObject({ typing_until: null });
});
