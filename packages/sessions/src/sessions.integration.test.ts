import { type ChildProcess, fork } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import { Curve } from "baileys";
import { afterAll, describe, expect, inject, test, vi } from "vitest";
import { connect, createTenant, anonClient } from "../../../tests/support/workbench.ts";
import { createSessionBackend } from "./backend.ts";
import { useSupabaseAuthState } from "./auth-state/use-supabase-auth-state.ts";
import { createSignalPeer } from "./test-support/signal-peer.ts";
import type { ChildReport } from "./test-support/session-child.ts";

const { url, keys } = inject("workbench");
const environment = {
  SUPABASE_URL: url,
  SUPABASE_SECRET_KEY: keys.secret_key,
  SESSION_ENCRYPTION_KEYS: `test:${randomBytes(32).toString("base64")}`,
};
const sql = connect();
afterAll(async () => {
  await sql.end();
});

describe.each(["postgres", "bucket"])("a session in Supabase, its tail in %s", (tail) => {
  const backend = createSessionBackend({ ...environment, SESSION_TAIL: tail });

  test("pairs, talks, is killed, talks on and closes; the bucket then holds one object", async () => {
    const tenant = randomUUID();
    const boot = async (session: string) => {
      const handle = await useSupabaseAuthState(tenant, session, { backend, force: true });
      if (handle.is_new) await handle.saveCreds();
      return Object.assign(createSignalPeer({ ...handle, jid: `${session}@s.whatsapp.net` }), {
        handle,
      });
    };
    let ours = await boot("111");
    const theirs = await boot("222");
    // As many as WhatsApp Web mints at its first login.
    await ours.bundle(812);
    await ours.greet(theirs);
    for (let index = 0; index < 30; index += 1) {
      const [from, to] = index % 3 === 0 ? [ours, theirs] : [theirs, ours];
      const first = index === 0 ? [ours, theirs] : [from, to];
      const [sender, receiver] = [first[0] ?? ours, first[1] ?? theirs];
      const message = await sender.encrypt(receiver, `message ${index}`);
      expect(await receiver.decrypt(sender, message)).toBe(`message ${index}`);
      if (index % 10 === 9) ours = await boot("111");
    }
    await ours.handle.close();
    await theirs.handle.close();
    const objects = await backend.driver.list(`${tenant}/111`);
    expect(objects.filter(({ path }) => path.endsWith(".snapshot"))).toHaveLength(1);
    const again = await boot("111");
    const ids = Array.from({ length: 812 }, (_, index) => String(index + 1));
    expect(Object.keys(await again.handle.state.keys.get("pre-key", ids)).length).toBeGreaterThan(
      800,
    );
    await again.handle.delete();
    expect(await backend.driver.list(`${tenant}/111`)).toEqual([]);
    expect((await backend.logs.list()).map(({ session }) => session)).not.toContain("111");
  }, 120_000);
});

function startChild(settings: Record<string, string>): {
  child: ChildProcess;
  reports: ChildReport[];
  until: (kind: ChildReport["kind"]) => Promise<void>;
} {
  const child = fork(join(import.meta.dirname, "test-support/session-child.ts"), {
    env: { ...process.env, ...environment, ...settings },
    execArgv: [],
  });
  const reports: ChildReport[] = [];
  child.on("message", (report: ChildReport) => void reports.push(report));
  const until = async (kind: ChildReport["kind"]): Promise<void> => {
    await vi.waitFor(() => expect(reports.map((report) => report.kind)).toContain(kind), 60_000);
  };
  return { child, reports, until };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

describe("processes", () => {
  test("of two that start at once one runs, the other says who has the session", async () => {
    const tenant = randomUUID();
    const both = ["server-a", "server-b"].map((OWNER) => startChild({ TENANT: tenant, OWNER }));
    await vi.waitFor(
      () => {
        const first = new Set(both.map(({ reports }) => reports[0]?.kind));
        expect(first).toEqual(new Set(["held", "opened"]));
      },
      { timeout: 60_000 },
    );
    const winner = both.findIndex(({ reports }) => reports[0]?.kind === "opened");
    const loser = both[1 - winner]?.reports[0];
    expect(loser).toMatchObject({
      kind: "held",
      owner: expect.stringMatching(winner === 0 ? /^server-a#/ : /^server-b#/),
    });
    await Promise.all(both.map(({ child }) => kill(child)));
  }, 120_000);

  test("killed over and over, they keep every number that they were told is durable", async () => {
    const tenant = randomUUID();
    let told = 0;
    for (let death = 0; death < 4; death += 1) {
      const { child, reports, until } = startChild({ TENANT: tenant, WAIT_MS: "30000" });
      await until("opened");
      const [opened] = reports;
      // The one under way may have arrived without the answer.
      const number = expect.toSatisfy((found) => found === told || found === told + 1);
      expect(opened).toEqual({ kind: "opened", epoch: death + 1, number });
      await vi.waitFor(() => expect(reports.length).toBeGreaterThan(9), 60_000);
      await kill(child);
      const last = reports.findLast(({ kind }) => kind === "written");
      if (last?.kind === "written") told = last.number;
    }
  }, 180_000);
});

describe("who may see what", () => {
  test("an admin sees the usage of their tenants' sessions, and nobody else anything", async () => {
    const { tenant_id, admin, agent, viewer } = await createTenant(sql);
    const stranger = await createTenant(sql);
    const backend = createSessionBackend(environment);
    const handle = await useSupabaseAuthState(tenant_id, "main", { backend });
    await handle.saveCreds();
    await handle.close();
    const again = await useSupabaseAuthState(tenant_id, "main", { backend });
    await again.state.keys.set({ "pre-key": { "1": Curve.generateKeyPair() } });
    await vi.waitFor(() => expect(again.stats().snapshots).toBe(1), 20_000);
    await again.close();

    const { data } = await admin.rpc("whatsapp_session_usage");
    expect(data).toEqual([
      {
        tenant: tenant_id,
        session: "main",
        objects: 1,
        object_bytes: expect.any(Number),
        records: expect.any(Number),
        record_bytes: expect.any(Number),
      },
    ]);
    for (const client of [agent, viewer, stranger.admin]) {
      expect((await client.rpc("whatsapp_session_usage")).data).toEqual([]);
    }
    expect((await anonClient().rpc("whatsapp_session_usage")).error?.code).toBe("42501");
    const service = createClient(url, keys.secret_key, { auth: { persistSession: false } });
    const { data: size } = await service.rpc("get_storage_size", {
      bucket_name: "whatsapp-sessions",
    });
    expect(size).toBeGreaterThanOrEqual(Number(data?.[0]?.object_bytes));
  }, 120_000);

  test("no member, and nobody without the secret key, reads a session's objects or calls its functions", async () => {
    const { tenant_id, admin } = await createTenant(sql);
    const backend = createSessionBackend(environment);
    const handle = await useSupabaseAuthState(tenant_id, "main", {
      backend,
      compaction: { records: 1 },
    });
    await handle.saveCreds();
    await handle.close();
    const [object] = await backend.driver.list(tenant_id);
    for (const client of [admin, anonClient()]) {
      const bucket = client.storage.from("whatsapp-sessions");
      expect((await bucket.download(object?.path ?? "")).error).not.toBeNull();
      expect((await bucket.list(`${tenant_id}/main`)).data ?? []).toEqual([]);
      expect((await bucket.upload(`${tenant_id}/x`, "x")).error).not.toBeNull();
      await bucket.remove([object?.path ?? ""]);
      const place = { tenant: tenant_id, session: "main" };
      expect((await client.rpc("whatsapp_session_read", place)).error?.code).toBe("42501");
      expect((await client.rpc("whatsapp_session_list")).error?.code).toBe("42501");
    }
    expect(await backend.driver.has(object?.path ?? "")).toBe(true);
  }, 120_000);
});
