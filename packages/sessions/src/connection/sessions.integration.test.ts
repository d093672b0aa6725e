import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  readCode,
  sessionRow,
  startSessionStack,
  theMessage,
} from "../../../../tests/support/whatsapp-web/session-stack.ts";
import { anonClient, waitFor } from "../../../../tests/support/workbench.ts";
import type { SessionManager } from "./session-manager.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const stack = await startSessionStack();
afterAll(async () => await stack.stop());

/** Closed when the test has finished. */
function manager(): SessionManager {
  const sessions = stack.newManager();
  onTestFinished(async () => await sessions.close());
  return sessions;
}

describe("pairing", () => {
  test("is shown to admins alone, only while it waits, and ends as an open session with a number", async () => {
    const sessions = manager();
    const connection = await sessions.open(stack.tenant.tenant_id, "pairing");
    const qr = await waitFor("a QR code", async () => readCode(stack.tenant.admin, "pairing"));
    for (const client of [stack.tenant.agent, stack.tenant.viewer]) {
      expect(await readCode(client, "pairing")).toBeUndefined();
    }
    await expect(readCode(anonClient(), "pairing")).rejects.toThrow("permission denied");
    const { tenant_id } = stack.tenant;
    await stack.sql`
      update public.whatsapp_session_pairings set expires_at = now() where tenant_id = ${tenant_id}`;
    expect(await readCode(stack.tenant.admin, "pairing")).toBeUndefined();
    const shop = stack.newShop();
    stack.server.scan(qr, shop);
    await connection.whenOpen();
    await waitFor("state open", async () => (await sessionRow(stack, "pairing"))?.state === "open");
    expect(
      await stack.sql`select * from public.whatsapp_session_pairings where tenant_id = ${tenant_id}`,
    ).toEqual([]);
    const { data } = await stack.tenant.viewer
      .from("whatsapp_session_states")
      .select("name, state, display_phone_number, error")
      .eq("name", "pairing");
    expect(data).toEqual([
      { name: "pairing", state: "open", display_phone_number: `+${shop.phone}`, error: null },
    ]);
    expect((await sessionRow(stack, "pairing"))?.phone_number_id).toMatch(/^web:[0-9a-f-]{36}$/);
  });

  test("again to the same phone finds the same number; nothing of the session is in the log", async () => {
    const { connection: first, shop } = await stack.openPaired(manager(), "again");
    const before = await waitFor(
      "a number",
      async () => (await sessionRow(stack, "again"))?.phone_number_id,
    );
    await first.disconnect();
    expect(await sessionRow(stack, "again")).toMatchObject({ state: "logged_out" });
    const again = await manager().open(stack.tenant.tenant_id, "again");
    again.events.on("qr", (qr) => stack.server.scan(qr, shop));
    await again.whenOpen();
    await waitFor("state open", async () => (await sessionRow(stack, "again"))?.state === "open");
    expect((await sessionRow(stack, "again"))?.phone_number_id).toBe(before);
  });
});

describe("two processes on one session", () => {
  test("the second is told who holds it, and waits if it is asked to", async () => {
    const first = manager();
    const { connection, jid } = await stack.openPaired(first, "shared");
    const second = manager();
    await expect(second.open(stack.tenant.tenant_id, "shared")).rejects.toMatchObject({
      code: "held",
      owner: expect.stringContaining((await sessionRow(stack, "shared"))?.holder ?? "nobody"),
    });
    const waiting = second.open(stack.tenant.tenant_id, "shared", { wait_ms: 30_000 });
    await connection.close();
    const taken = await waiting;
    await taken.whenOpen();
    expect(stack.server.stats.conflicts).toBe(0);
    await stack.mara.send(jid, "To the second server");
    await theMessage(stack, { body: "To the second server" });
  });

  test("who takes it over by force ends the other, whose word no longer counts", async () => {
    const { connection: first } = await stack.openPaired(manager(), "taken");
    const second = await manager().open(stack.tenant.tenant_id, "taken", { force: true });
    await second.whenOpen();
    expect((await first.whenEnded()).error?.code).toBe("lease_lost");
    expect(await first.send(stack.mara.jid, { text: "from the loser" })).toMatchObject({
      status: "failed",
      error: { code: "not_connected", message: "the session is stopped" },
    });
    await waitFor("state open", async () => (await sessionRow(stack, "taken"))?.state === "open");
  });
});
