import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { onTestFinished, vi } from "vitest";
import { z } from "zod";
import { type Emulator, createEmulator } from "./create-emulator.ts";
import type { EmulatorOptions } from "./options.ts";

export const APP_SECRET = "app-secret";
export const ACCESS_TOKEN = "access-token";
export const NUMBER_ID = "106540352242922";
export const WABA_ID = "102290129340398";
export const MARA = "491701234567";

/** A webhook as it arrived. */
export interface Received {
  method: string;
  url: string;
  headers: { [name: string]: string | string[] | undefined };
  bytes: Buffer;
  at: number;
}

/** A real HTTP server in the place of the webhook function; closed when the test ends. */
export async function createReceiver(
  answer: (count: number, request: Received) => number = () => 200,
) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const entry = { method, url, headers, bytes: Buffer.concat(chunks), at: performance.now() };
      received.push(entry);
      const challenge = new URL(url, "http://localhost").searchParams.get("hub.challenge");
      response.writeHead(answer(received.length, entry)).end(challenge ?? "");
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}/hook`, received, close };
}

/** The HMAC that a receiver must find over these bytes. */
export function expectedSignature(bytes: Uint8Array): string {
  return `sha256=${createHmac("sha256", APP_SECRET).update(bytes).digest("hex")}`;
}

/** An emulator with one number, no delays and quick retries; closed when the test ends. */
export function createTestEmulator(options: Partial<EmulatorOptions> = {}): Emulator {
  const emulator = createEmulator({
    app_secret: APP_SECRET,
    access_token: ACCESS_TOKEN,
    verify_token: "verify-token",
    numbers: [
      {
        phone_number_id: NUMBER_ID,
        display_phone_number: "+1 555-078-3881",
        waba_id: WABA_ID,
        verified_name: "Lucky Shrub",
      },
    ],
    delays: { sent_ms: 0, delivered_ms: 0, read_ms: null },
    retry: [5],
    ...options,
  });
  onTestFinished(() => emulator.close());
  return emulator;
}

const json = z.record(z.string(), z.unknown());

/** Calls any endpoint in-process; `body` goes as JSON. */
export async function call(
  emulator: Emulator,
  path: string,
  init: { method?: string; body?: unknown; headers?: { [name: string]: string } } = {},
) {
  const { method = init.body === undefined ? "GET" : "POST", body, headers = {} } = init;
  const response = await emulator.fetch(
    new Request(`http://emulator.test${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  const parsed: unknown = text === "" ? null : JSON.parse(text);
  return { status: response.status, body: parsed };
}

/** `POST /{phone_number_id}/messages` with a token; a text to Mara unless the fields say otherwise. */
export async function send(emulator: Emulator, fields: { [key: string]: unknown } = {}) {
  const body = {
    messaging_product: "whatsapp",
    to: MARA,
    type: "text",
    text: { body: "Hello" },
    ...fields,
  };
  const headers = { authorization: `Bearer ${ACCESS_TOKEN}` };
  return call(emulator, `/v26.0/${NUMBER_ID}/messages`, { body, headers });
}

const sentSchema = z.object({ messages: z.tuple([z.object({ id: z.string() })]) });

/** Sends, and returns the wamid; fails where Graph refuses. */
export async function sendOk(emulator: Emulator, fields: { [key: string]: unknown } = {}) {
  return sentSchema.parse((await send(emulator, fields)).body).messages[0].id;
}

const changeSchema = z.object({
  entry: z.tuple([z.object({ id: z.string(), changes: z.tuple([z.object({ value: json })]) })]),
});

/** The `value` of a webhook's only change. */
export function valueOf({ bytes }: Pick<Received, "bytes">) {
  return changeSchema.parse(JSON.parse(bytes.toString())).entry[0].changes[0].value;
}

const statusesSchema = z.object({ statuses: z.tuple([json]) });

/** The statuses among these webhooks, in the order of arrival. */
export function statusesOf(received: readonly Received[]) {
  return received.flatMap((entry) => {
    const parsed = statusesSchema.safeParse(valueOf(entry));
    return parsed.success ? [parsed.data.statuses[0]] : [];
  });
}

/** Waits until that many webhooks arrived. */
export async function arrived(received: readonly Received[], count: number): Promise<void> {
  await vi.waitFor(
    () => {
      if (received.length < count) throw new Error(`${received.length} of ${count} webhooks`);
    },
    { timeout: 20_000, interval: 5 },
  );
}
