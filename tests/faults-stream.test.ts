import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, people } from "@wabase/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crashPostgres, revivePostgres } from "./support/crash-postgres.ts";
import { type OwnWorkbench, startOwnWorkbench } from "./support/own-workbench.ts";
import { waitFor, withConnection } from "./support/workbench.ts";

let own: OwnWorkbench;
let revived: Cluster | null = null;
beforeAll(async () => {
  own = await startOwnWorkbench("faults-stream");
});
afterAll(async () => {
  await own.stop().catch(() => undefined);
  await revived?.stop();
});

test("Postgres killed while webhooks stream in: in the end each message is there, once", async () => {
  const { emulator, stack } = own.bench;
  const sent: string[] = [];
  const ending = new AbortController();
  const stream = (async () => {
    while (!ending.signal.aborted) {
      const text = { body: `message ${sent.length}` };
      sent.push(emulator.sendFromCustomer(people.DEMO_CUSTOMERS[0].phone, { text }).id);
      await sleep(10);
    }
  })();
  await waitFor("the stream", async () => sent.length > 80);
  await crashPostgres(stack.pids.postgres);
  await sleep(500);
  revived = await revivePostgres(own);
  await waitFor("more of the stream", async () => sent.length > 200);
  ending.abort();
  await stream;

  const all = { stored: sent.length, distinct: sent.length };
  const read = () =>
    withConnection(stack.superuser_url, async (sql) => {
      const [row] = await sql<{ stored: number; distinct: number }[]>`
        select count(*)::integer as stored, count(distinct wamid)::integer as distinct
        from public.whatsapp_messages where wamid in ${sql(sent)}`;
      return row;
    });
  await waitFor("Meta's retries", async () => (await read())?.distinct === sent.length, 60_000);
  expect(await read()).toEqual(all);
});
