import type { WebhookEvent } from "@wabase/cloud-api";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  createMemoryAuthState,
  type Customer,
  joinWhatsApp,
  STAND_IN_SETTINGS,
  trust,
  WhatsAppWebServer,
} from "../../../../tests/support/whatsapp-web/index.ts";
import { loadBaileys } from "../baileys.ts";
import { connectSession, type SessionConnection } from "../connection/connect-session.ts";
import type { SessionReport } from "../connection/connection-events.ts";
import { Inbox } from "./inbox.ts";
import type { SessionRecords } from "./session-records.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const server = await new WhatsAppWebServer().listen();
let mara: Customer;
beforeAll(async () => {
  trust(server.root_key);
  mara = await joinWhatsApp(server, { phone: "4915100000001", lid: "101", name: "Mara" });
});
afterAll(async () => {
  await mara.close();
  await server.close();
});

/** A database that can be away. */
function database() {
  const state = { is_away: false, refused: 0 };
  const events: WebhookEvent[] = [];
  const reports: SessionReport[] = [];
  const answer = (): void => {
    if (!state.is_away) return;
    state.refused += 1;
    throw Object.assign(new Error("no answer"), { code: "" });
  };
  const records: SessionRecords = {
    report: async (_, report) => {
      answer();
      reports.push(report);
      return report.phone === null ? null : { id: "n", phone_number_id: "web:n" };
    },
    store: async (delivery) => {
      answer();
      events.push(...delivery.events);
    },
    linkPeople: async () => answer(),
  };
  return { state, events, reports, records };
}

let people = 0;

async function open(db: ReturnType<typeof database>) {
  people += 1;
  const shop = { phone: `4915200000000${people}`, lid: `2000${people}`, name: "Shop" };
  const baileys = await loadBaileys();
  const reporter = { tenant_id: "t", name: "main", epoch: 1, holder: "test" };
  const log: string[] = [];
  const connection: SessionConnection = await connectSession({
    openAuthState: async () => createMemoryAuthState(),
    settings: { waWebSocketUrl: server.url, ...STAND_IN_SETTINGS },
    times: { base_ms: 10, max_ms: 50 },
    listen: (handle) =>
      new Inbox(baileys, handle, {
        records: db.records,
        reporter,
        log: (_, line) => void log.push(line),
      }),
  });
  onTestFinished(async () => await connection.close());
  connection.events.on("qr", (qr) => server.scan(qr, shop));
  return { connection, shop, jid: `${shop.phone}@s.whatsapp.net`, log };
}

const bodies = ({ events }: ReturnType<typeof database>): unknown[] =>
  events.flatMap((event) => (event.kind === "message" ? [event.body] : []));

describe("while the database is away", () => {
  test("WhatsApp keeps the messages; when it is back they are stored once, in order", async () => {
    const db = database();
    const { connection, shop, jid, log } = await open(db);
    await connection.whenOpen();
    db.state.is_away = true;
    for (const text of ["first", "second", "third"]) await mara.send(jid, text);
    await expect.poll(() => db.state.refused, { timeout: 20_000 }).toBeGreaterThan(1);
    expect(server.device(shop.phone)?.queue.size).toBe(3);
    db.state.is_away = false;
    await expect.poll(() => bodies(db), { timeout: 20_000 }).toEqual(["first", "second", "third"]);
    await expect.poll(() => server.device(shop.phone)?.queue.size, { timeout: 20_000 }).toBe(0);
    expect(log.join("\n")).toContain("could not store what it heard");
    expect(log.join("\n")).not.toContain("first");
  });

  test("a connection that ends meanwhile can read the same messages once more", async () => {
    const db = database();
    const { connection, shop, jid } = await open(db);
    const lost: string[] = [];
    connection.events.on("undecryptable", (reason) => void lost.push(reason));
    await connection.whenOpen();
    await mara.send(jid, "before");
    await expect.poll(() => bodies(db), { timeout: 20_000 }).toEqual(["before"]);
    db.state.is_away = true;
    await mara.send(jid, "meanwhile");
    await expect.poll(() => db.state.refused, { timeout: 20_000 }).toBeGreaterThan(0);
    server.closeDevice(shop.phone, "gone");
    db.state.is_away = false;
    await expect
      .poll(() => new Set(bodies(db)), { timeout: 20_000 })
      .toEqual(new Set(["before", "meanwhile"]));
    await expect.poll(() => server.device(shop.phone)?.queue.size, { timeout: 20_000 }).toBe(0);
    expect(lost).toEqual([]);
  });

  test("a session is not connected before its number is known", async () => {
    const db = database();
    db.state.is_away = true;
    const { connection } = await open(db);
    const { connections } = server.stats;
    await expect.poll(() => db.state.refused, { timeout: 20_000 }).toBeGreaterThan(1);
    expect(server.stats.connections).toBe(connections);
    db.state.is_away = false;
    await connection.whenOpen();
    await expect.poll(() => db.reports.at(-1)?.state, { timeout: 20_000 }).toBe("open");
  });
});
