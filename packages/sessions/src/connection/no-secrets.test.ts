import { afterAll, expect, test, vi } from "vitest";
import {
  createMemoryAuthState,
  joinWhatsApp,
  STAND_IN_SETTINGS,
  trust,
  WhatsAppWebServer,
} from "../../../../tests/support/whatsapp-web/index.ts";
import { connectSession } from "./connect-session.ts";

vi.setConfig({ testTimeout: 60_000 });

// Before libsignal is kept quiet: what passes that filter ends here.
const printed: string[] = [];
const print = (...values: unknown[]): void => {
  printed.push(values.map((value) => JSON.stringify(value) ?? String(value)).join(" "));
};
for (const method of ["log", "info", "warn", "error", "debug"] as const) {
  vi.spyOn(console, method).mockImplementation(print);
}
const write = vi.spyOn(process.stdout, "write");
afterAll(() => void vi.restoreAllMocks());

/** Every secret that creds hold, as it could be written. */
function secretsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    return bytes.length < 16
      ? []
      : [bytes.toString("base64"), bytes.toString("hex"), bytes.toString("base64url")];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(secretsIn);
}

test("nothing of a session is in any log: no key, no code, no text, no number of anybody", async () => {
  const server = await new WhatsAppWebServer().listen();
  trust(server.root_key);
  const mara = await joinWhatsApp(server, { phone: "4915100000001", lid: "101", name: "Mara" });
  const shop = { phone: "49152000000001", lid: "20001", name: "Shop" };
  const auth = createMemoryAuthState();
  const lines: string[] = [];
  const secrets = new Set([
    "top secret question",
    "top secret answer",
    shop.phone,
    mara.person.phone,
  ]);
  const connection = await connectSession({
    openAuthState: async () => auth,
    settings: { waWebSocketUrl: server.url, ...STAND_IN_SETTINGS },
    times: { base_ms: 10, max_ms: 50 },
    log: (level, line) => void lines.push(`${level} ${line}`),
  });
  connection.events.on("qr", (qr) => {
    secrets.add(qr);
    secrets.add(qr.split("#")[1] ?? qr);
    server.scan(qr, shop);
  });
  await connection.whenOpen();
  await mara.send(`${shop.phone}@s.whatsapp.net`, "top secret question");
  await connection.send(mara.jid, { text: "top secret answer" });
  await expect.poll(() => mara.texts, { timeout: 20_000 }).toContain("top secret answer");
  // What goes wrong is logged too: a message that cannot be decrypted, a refusal, an end of each kind.
  server.send(shop.phone, {
    tag: "message",
    attrs: {
      from: `${mara.person.phone}:1@s.whatsapp.net`,
      id: "BAD1",
      t: "1795000000",
      type: "text",
    },
    content: [{ tag: "enc", attrs: { v: "2", type: "msg" }, content: Buffer.alloc(64, 0x33) }],
  });
  await new Promise<string>((resolve) => void connection.events.once("undecryptable", resolve));
  server.closeDevice(shop.phone, "unavailable");
  await expect
    .poll(() => lines.join("\n"), { timeout: 20_000 })
    .toContain("WhatsApp is not available");
  await connection.whenOpen();
  for (const secret of secretsIn(auth.state.creds)) secrets.add(secret);
  await connection.close();
  await mara.close();
  await server.close();

  const written = [...printed, ...lines, ...write.mock.calls.map(([chunk]) => String(chunk))].join(
    "\n",
  );
  expect(lines.length).toBeGreaterThan(0);
  expect(secrets.size).toBeGreaterThan(20);
  expect([...secrets].filter((secret) => written.includes(secret))).toEqual([]);
});
