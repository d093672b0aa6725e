import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  STAND_IN_SETTINGS,
  trust,
  WhatsAppWebServer,
} from "../../../../tests/support/whatsapp-web/index.ts";
import type { SessionBackend } from "../backend.ts";
import { createKeyRing } from "../crypto/key-ring.ts";
import { createMemoryLogs } from "../log/memory-logs.ts";
import { createMemoryStorage } from "../storage/memory.ts";
import { createServiceClient } from "../supabase/service-client.ts";
import { createSessionManager, type SessionManager } from "./session-manager.ts";

vi.setConfig({ testTimeout: 180_000 });

const server = await new WhatsAppWebServer().listen();
trust(server.root_key);
afterAll(async () => await server.close());

function memoryBackend(): SessionBackend {
  const keys = createKeyRing([["k1", randomBytes(32)]]);
  return { driver: createMemoryStorage(), logs: createMemoryLogs(), keys };
}

function managerOn(backend: SessionBackend): SessionManager {
  const manager = createSessionManager({
    auth: { backend },
    settings: { waWebSocketUrl: server.url, ...STAND_IN_SETTINGS },
    times: { base_ms: 10, max_ms: 50 },
  });
  onTestFinished(async () => await manager.close());
  return manager;
}

async function openPaired(manager: SessionManager, tenant: string, at: number): Promise<void> {
  const connection = await manager.open(tenant, "main");
  connection.events.on("qr", (qr) => {
    server.scan(qr, { phone: `4917${String(at).padStart(8, "0")}`, lid: `7${at}`, name: tenant });
  });
  await connection.whenOpen();
}

describe("a process", () => {
  test("holds many sessions, closes them all, and opens them again without one QR code", async () => {
    const backend = memoryBackend();
    const tenants = Array.from({ length: 40 }, (_, at) => `tenant-${at}`);
    const first = managerOn(backend);
    await Promise.all(tenants.map(async (tenant, at) => await openPaired(first, tenant, at)));
    expect(first.list().filter(({ state }) => state === "open")).toHaveLength(tenants.length);
    const { pairings } = server.stats;
    await first.close();
    expect(first.list()).toEqual([]);

    const second = managerOn(backend);
    const opened = await Promise.all(
      tenants.map(async (tenant) => await second.open(tenant, "main")),
    );
    await Promise.all(opened.map(async (connection) => await connection.whenOpen()));
    expect(server.stats.pairings).toBe(pairings);
  });

  test("that asks for a session twice at once opens it once", async () => {
    const manager = managerOn(memoryBackend());
    const [one, other] = await Promise.all([
      manager.open("acme", "main"),
      manager.open("acme", "main"),
    ]);
    expect(one).toBe(other);
    expect(manager.get("acme", "main")).toBe(one);
    expect(await manager.open("acme", "main")).toBe(one);
  });

  test("forgets a session that has ended, and opens it anew", async () => {
    const manager = managerOn(memoryBackend());
    const first = await manager.open("acme", "main");
    await first.close();
    expect(manager.get("acme", "main")).toBeNull();
    expect(await manager.open("acme", "main")).not.toBe(first);
  });

  test("disconnects a session that it does not hold: the phone is told, and the keys are gone", async () => {
    const backend = memoryBackend();
    const first = managerOn(backend);
    await openPaired(first, "leaver", 900);
    await first.close();
    const phone = "491700000900";
    expect(server.device(phone)).toBeDefined();
    const second = managerOn(backend);
    await second.disconnect("leaver", "main");
    await expect.poll(() => server.device(phone) === undefined, { timeout: 20_000 }).toBe(true);
    const anew = await second.open("leaver", "main");
    expect(anew.handle.is_new).toBe(true);
  });

  test("with a database takes the ids of tenants alone, and says so", async () => {
    const client = createServiceClient({ url: "http://127.0.0.1:9", secret_key: "sb_secret_x" });
    const manager = createSessionManager({ client, auth: { backend: memoryBackend() } });
    await expect(manager.open("acme", "main")).rejects.toThrow("whatsapp_tenants");
    await manager.close();
    await expect(manager.open("acme", "main")).rejects.toMatchObject({ code: "closed" });
  });
});
