import { expect, test, vi } from "vitest";
import {
  APP_SECRET,
  MARA,
  arrived,
  createReceiver,
  createTestEmulator,
  expectedSignature,
  valueOf,
} from "./test-support.ts";
import { signBody } from "./wire/signature.ts";

const TEXT = 'Grüße aus Köln/Porz 👩‍🚀 – 日本 "quoted" \\ end';

test("the signature covers exactly the bytes on the wire, emoji and umlauts included", async () => {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: url });
  emulator.addCustomer({ phone: MARA, name: "Mara Öztürk" });
  emulator.sendFromCustomer(MARA, { text: { body: TEXT } });
  await arrived(received, 1);
  const [first] = received;
  if (!first) throw new Error("nothing arrived");
  expect(first.headers["x-hub-signature-256"]).toBe(expectedSignature(first.bytes));
  expect(first.headers["user-agent"]).toBe("facebookexternalua");
  expect(first.headers["content-type"]).toBe("application/json");
  expect(first.bytes.toString("latin1")).toMatch(/^[ -~]*$/);
  expect(first.bytes.toString()).toContain(
    String.raw`Gr\u00fc\u00dfe aus K\u00f6ln\/Porz \ud83d\udc69`,
  );
  expect(valueOf(first)).toMatchObject({ messages: [{ text: { body: TEXT } }] });
});

test("a body that is parsed and written again no longer fits its signature", () => {
  const sent = new TextEncoder().encode(String.raw`{"a":"\u00fc"}`);
  const rewritten = new TextEncoder().encode(
    JSON.stringify(JSON.parse(String.raw`{"a":"\u00fc"}`)),
  );
  expect(signBody(rewritten, APP_SECRET)).not.toBe(signBody(sent, APP_SECRET));
});

test.each([500, 503, 401, 204, 302])(
  "an answer of %i is retried until 200, with the same bytes",
  async (status) => {
    const { url, received } = await createReceiver((count) => (count < 4 ? status : 200));
    const emulator = createTestEmulator({ webhook_url: url });
    emulator.addCustomer({ phone: MARA, name: "Mara" });
    const { id } = emulator.sendFromCustomer(MARA, { text: { body: TEXT } });
    await vi.waitFor(() => expect(emulator.deliveries()[0]?.state).toBe("delivered"));
    expect(received).toHaveLength(4);
    expect(new Set(received.map(({ bytes }) => bytes.toString("hex"))).size).toBe(1);
    expect(new Set(received.map(({ headers }) => headers["x-hub-signature-256"])).size).toBe(1);
    expect(emulator.deliveries()).toMatchObject([{ attempts: 4, last_status: 200 }]);
    expect(emulator.customerMessages(MARA)).toMatchObject([{ id, status: "delivered" }]);
  },
);

test("after a 200 nothing is sent again", async () => {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: url });
  emulator.sendWebhook({ value: { messaging_product: "whatsapp" } });
  await arrived(received, 1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(received).toHaveLength(1);
});

test("nobody listening is a failure that a later address heals", async () => {
  const { url, received, close } = await createReceiver();
  await close();
  const emulator = createTestEmulator({ webhook_url: url });
  emulator.sendWebhook({ value: { n: 1 } });
  await vi.waitFor(() => expect(emulator.deliveries()[0]?.attempts).toBeGreaterThan(1));
  expect(emulator.deliveries()).toMatchObject([{ last_status: null, last_error: "ECONNREFUSED" }]);
  expect(received).toHaveLength(0);

  const healed = await createReceiver();
  emulator.updateSettings({ webhook_url: healed.url });
  await arrived(healed.received, 1);
});

test("what was queued before any address was set goes out once there is one", async () => {
  const emulator = createTestEmulator();
  emulator.sendWebhook({ value: { n: 1 } });
  await vi.waitFor(() =>
    expect(emulator.deliveries()[0]?.last_error).toBe("no webhook_url is set"),
  );
  const { url, received } = await createReceiver();
  emulator.updateSettings({ webhook_url: url });
  await arrived(received, 1);
});

test("seven days on the clock end the retries", async () => {
  const { url, received } = await createReceiver(() => 500);
  let now = Date.UTC(2026, 9, 1);
  const emulator = createTestEmulator({ webhook_url: url, now: () => now });
  emulator.sendWebhook({ value: { n: 1 } });
  await arrived(received, 2);
  now += 7 * 24 * 60 * 60 * 1000;
  await vi.waitFor(() => expect(emulator.deliveries()[0]?.state).toBe("abandoned"));
  const { length } = received;
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(received).toHaveLength(length);
});

test("waits follow the schedule, and its last entry repeats", async () => {
  const { url, received } = await createReceiver((count) => (count < 4 ? 500 : 200));
  const emulator = createTestEmulator({ webhook_url: url, retry: [5, 200] });
  emulator.sendWebhook({ value: { n: 1 } });
  await arrived(received, 4);
  const waits = received.slice(1).map(({ at }, index) => at - (received[index]?.at ?? 0));
  expect(waits[0]).toBeLessThan(195);
  for (const wait of waits.slice(1)) expect(wait).toBeGreaterThan(195);
});

test("a thousand webhooks at once all arrive", async () => {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: url });
  for (let n = 0; n < 1000; n++) emulator.sendWebhook({ value: { n } });
  await arrived(received, 1000);
  expect(new Set(received.map(({ bytes }) => bytes.toString())).size).toBe(1000);
}, 30_000);
