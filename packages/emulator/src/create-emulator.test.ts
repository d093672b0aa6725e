import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ZodError } from "zod";
import {
  MARA,
  NUMBER_ID,
  arrived,
  createReceiver,
  createTestEmulator,
  send,
  sendOk,
} from "./test-support.ts";
import { createEmulator } from "./create-emulator.ts";

/** Listens, streams events, leaves statuses and retries a minute away, closes; and says nothing of process.exit. */
const PROGRAM = `
  import { createEmulator } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)};
  const emulator = createEmulator({
    app_secret: "a", access_token: "b", verify_token: "c", webhook_url: "http://127.0.0.1:9/",
    numbers: [{ phone_number_id: "1", display_phone_number: "1", waba_id: "1", verified_name: "A" }],
    delays: { sent_ms: 60_000, delivered_ms: 60_000, read_ms: 60_000 }, retry: [60_000],
  });
  const { url } = await emulator.listen();
  const events = await fetch(url + "/emulator/events");
  events.text().catch(() => {});
  emulator.addCustomer({ phone: "491701234567", name: "Mara" });
  emulator.sendFromCustomer("491701234567", { text: { body: "Hi" } });
  const sent = await fetch(url + "/v26.0/1/messages", {
    method: "POST",
    headers: { authorization: "Bearer b" },
    body: JSON.stringify({ messaging_product: "whatsapp", to: "491701234567", text: { body: "Hi" } }),
  });
  while (emulator.deliveries()[0].next_attempt_at === null) await new Promise(setImmediate);
  await emulator.close();
  console.log(sent.status, "closed");
`;

test("after close() nothing keeps a process of plain Node alive", async () => {
  const flags = ["--input-type=module", "--eval", PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 15_000 });
  expect(stdout.trim()).toBe("200 closed");
}, 20_000);

test("close() cuts off a webhook that is never answered", async () => {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator();
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => {
    silent.once("listening", resolve);
  });
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  emulator.updateSettings({ webhook_url: `http://127.0.0.1:${port}/` });
  emulator.sendWebhook({ value: { n: 1 } });
  await new Promise((resolve) => setTimeout(resolve, 30));
  await emulator.close();
  emulator.updateSettings({ webhook_url: url });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(received).toHaveLength(0);
  silent.close();
});

test("a closed emulator sends nothing that was still due", async () => {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: url, delays: { sent_ms: 30 } });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  await arrived(received, 1);
  await sendOk(emulator);
  await emulator.close();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(received).toHaveLength(1);
});

test("no log line holds a message's text or a secret", async () => {
  const lines: string[] = [];
  const { url, received } = await createReceiver((count) => (count === 1 ? 500 : 200));
  const emulator = createTestEmulator({ webhook_url: url, log: (line) => lines.push(line) });
  emulator.on("message", () => {
    throw new Error("handler saw: CONFIDENTIAL");
  });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "CONFIDENTIAL" } });
  await sendOk(emulator, { text: { body: "CONFIDENTIAL" } });
  await send(emulator, { type: "CONFIDENTIAL" });
  await send(emulator, { text: { body: ["CONFIDENTIAL"] } });
  await arrived(received, 4);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.join("\n")).not.toMatch(/CONFIDENTIAL|access-token|app-secret/);
});

test("handlers get events until they end that", () => {
  const emulator = createTestEmulator();
  const names: string[] = [];
  const stop = emulator.on("customer", ({ name }) => names.push(name));
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  stop();
  emulator.addCustomer({ phone: MARA, name: "Mara Ö." });
  expect(names).toEqual(["Mara"]);
});

test("listens on loopback, and says when the port is taken", async () => {
  const { url } = await createTestEmulator().listen();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const port = Number(new URL(url).port);
  await expect(createTestEmulator().listen({ port })).rejects.toThrow(/EADDRINUSE/);
});

test("options that do not fit are refused at once", () => {
  const good = {
    app_secret: "a",
    access_token: "b",
    verify_token: "c",
    numbers: [
      { phone_number_id: NUMBER_ID, display_phone_number: "+1", waba_id: "1", verified_name: "A" },
    ],
  };
  expect(createEmulator(good).state().settings.delays).toEqual({
    sent_ms: 50,
    delivered_ms: 150,
    read_ms: null,
  });
  for (const bad of [{ numbers: [] }, { graph_version: "26" }, { retry: [] }, { app_secret: "" }]) {
    expect(() => createEmulator({ ...good, ...bad })).toThrow(ZodError);
  }
});
