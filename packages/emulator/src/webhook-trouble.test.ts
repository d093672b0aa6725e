import { expect, test, vi } from "vitest";
import { z } from "zod";
import type { Emulator } from "./create-emulator.ts";
import {
  MARA,
  type Received,
  arrived,
  createReceiver,
  createTestEmulator,
  expectedSignature,
  sendOk,
  statusesOf,
  valueOf,
} from "./test-support.ts";

const numbered = (emulator: Emulator, count: number) => {
  for (let n = 0; n < count; n++) emulator.sendWebhook({ value: { n } });
};
const numbersOf = (received: readonly Received[]) => received.map((entry) => valueOf(entry)["n"]);
const sorted = (numbers: readonly unknown[]) =>
  numbers.toSorted((one, other) => Number(one) - Number(other));

async function start() {
  const { url, received } = await createReceiver();
  return { emulator: createTestEmulator({ webhook_url: url }), received };
}

test("each webhook goes out again, with the same bytes and signature", async () => {
  const { emulator, received } = await start();
  emulator.updateSettings({ webhooks: { repeat: 2 } });
  numbered(emulator, 2);
  await arrived(received, 6);
  await vi.waitFor(() =>
    expect(emulator.deliveries()).toMatchObject([
      { attempts: 3, state: "delivered" },
      { attempts: 3, state: "delivered" },
    ]),
  );
  expect(sorted(numbersOf(received))).toEqual([0, 0, 0, 1, 1, 1]);
  expect(new Set(received.map(({ bytes }) => bytes.toString())).size).toBe(2);
});

test.each([
  ["in_order", [0, 1, 2, 3, 4]],
  ["reversed", [4, 3, 2, 1, 0]],
] as const)("held webhooks go %s when they are let go", async (release, order) => {
  // One at a time, so that the order of arrival is the order of sending.
  const { emulator, received } = await start();
  emulator.updateSettings({ webhooks: { hold: true, release } });
  numbered(emulator, 5);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(received).toHaveLength(0);
  expect(emulator.state().counts.pending_deliveries).toBe(5);
  emulator.updateSettings({ webhooks: { hold: false } });
  await arrived(received, 5);
  expect(sorted(numbersOf(received))).toEqual([0, 1, 2, 3, 4]);
  expect(numbersOf(received)[0]).toBe(order[0]);
});

test("a random wait brings them out of order, and the seed decides which", async () => {
  const { emulator, received } = await start();
  emulator.updateSettings({ webhooks: { jitter_ms: 300, seed: 3 } });
  numbered(emulator, 20);
  await arrived(received, 20);
  const numbers = numbersOf(received);
  expect(numbers).not.toEqual(sorted(numbers));
  expect(new Set(numbers).size).toBe(20);
});

test("lost ones are never sent, and say so", async () => {
  const { emulator, received } = await start();
  emulator.updateSettings({ webhooks: { lose: 0.5, seed: 5 } });
  numbered(emulator, 40);
  const lost = emulator.deliveries().filter(({ state }) => state === "abandoned");
  expect(lost.length).toBeGreaterThan(5);
  expect(lost.length).toBeLessThan(35);
  await arrived(received, 40 - lost.length);
  expect(lost[0]).toMatchObject({ attempts: 0, last_error: "lost, as the settings ask" });
});

test("updates are gathered into one POST, signed as a whole, and each is told of its delivery", async () => {
  const { emulator, received } = await start();
  emulator.updateSettings({ webhooks: { batch: 3, batch_wait_ms: 30 } });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  for (let n = 0; n < 7; n++) emulator.sendFromCustomer(MARA, { text: { body: `Hi ${n}` } });
  await arrived(received, 3);
  const sizes = received.map(
    ({ bytes }) =>
      z.object({ entry: z.array(z.unknown()) }).parse(JSON.parse(bytes.toString())).entry.length,
  );
  expect(sorted(sizes)).toEqual([1, 3, 3]);
  for (const { bytes, headers } of received) {
    expect(headers["x-hub-signature-256"]).toBe(expectedSignature(bytes));
  }
  await vi.waitFor(() =>
    expect(emulator.customerMessages(MARA).every(({ status }) => status === "delivered")).toBe(
      true,
    ),
  );
});

test("a batch that is looked at is closed, and nothing is added to it afterwards", () => {
  const emulator = createTestEmulator();
  emulator.updateSettings({ webhooks: { batch: 10, batch_wait_ms: 10_000 } });
  const { id } = emulator.sendWebhook({ value: { n: 1 } });
  expect(emulator.delivery(id).body).toContain('"n":1');
  expect(emulator.sendWebhook({ value: { n: 2 } }).id).not.toBe(id);
});

test("statuses can be left out altogether", async () => {
  const { emulator, received } = await start();
  emulator.updateSettings({ statuses: false });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  const id = await sendOk(emulator);
  await vi.waitFor(() =>
    expect(emulator.customerMessages(MARA).at(-1)).toMatchObject({ id, status: "delivered" }),
  );
  expect(statusesOf(received)).toEqual([]);
});

test("with keep, memory has a bound: messages, ledger and webhooks, with or without an address", async () => {
  const emulator = createTestEmulator();
  emulator.updateSettings({ keep: 10 });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  for (let n = 0; n < 100; n++) await sendOk(emulator);
  expect(emulator.customerMessages(MARA)).toHaveLength(10);
  expect(emulator.accepted()).toHaveLength(10);
  await vi.waitFor(() => expect(emulator.deliveries()).toHaveLength(10));
  expect(emulator.state().counts.accepted).toBe(100);
});
