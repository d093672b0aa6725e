import type { Cluster } from "@wabase/local";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crashPostgres, revivePostgres } from "./support/crash-postgres.ts";
import { type Dispatcher, fillQueue, startDispatcher, stopCron } from "./support/dispatchers.ts";
import { type OwnWorkbench, startOwnWorkbench } from "./support/own-workbench.ts";
import { connect, waitFor } from "./support/workbench.ts";

let own: OwnWorkbench;
let revived: Cluster | null = null;
beforeAll(async () => {
  own = await startOwnWorkbench("dispatch-kills");
  await stopCron(own.sql);
  own.bench.emulator.updateSettings({ delays: { sent_ms: 50, delivered_ms: 50 } });
}, 240_000);
afterAll(async () => {
  await own.stop().catch(() => undefined);
  await revived?.stop();
});

let numbers = 0;

/** A queue of 20 conversations of a number of its own. */
async function queueUp(messages: number): Promise<string[][]> {
  numbers += 1;
  const phone_number_id = `2100000000${numbers}`;
  own.bench.emulator.addNumber({
    phone_number_id,
    display_phone_number: "+1 555 010 9999",
    waba_id: "102290129340398",
    verified_name: "Demo Bakery",
  });
  const options = { phone_number_id, sends_per_second: 1000, conversations: 20, messages };
  return (await fillQueue(own.sql, options)).message_ids;
}

/** As if a minute had passed: leases of those that are no more expire. */
async function expireLeases(): Promise<void> {
  await own.sql`select wabase.expire_leases(clock_timestamp() + interval '2 minutes')`;
}

async function countWaiting(): Promise<number> {
  const [row] = await own.sql<{ count: number }[]>`select count(*)::int from wabase.outbox`;
  return row?.count ?? -1;
}

async function drain(): Promise<void> {
  const dispatcher = await startDispatcher(own);
  await waitFor(
    "the end of the queue",
    async () => {
      await expireLeases();
      await dispatcher.run();
      return (await countWaiting()) === 0;
    },
    120_000,
  );
  await dispatcher.stop();
}

/** What Meta's side has of each of these messages, beside what the rows say when all statuses are in. */
async function expectTheTruth(ids: string[]): Promise<Record<string, number>> {
  const { by_callback } = own.bench.emulator.acceptedSummary();
  await waitFor(
    "the statuses of all that was sent",
    async () => {
      const rows = await own.sql<{ id: string }[]>`
        select id from public.whatsapp_messages where id = any (${ids}) and status not in ('delivered', 'failed')`;
      return rows.every(({ id }) => by_callback[id] === undefined);
    },
    60_000,
  );
  const rows = await own.sql<{ id: string; status: string; wamid: string | null }[]>`
    select id, status, wamid from public.whatsapp_messages where id = any (${ids})`;
  const counts: Record<string, number> = {};
  for (const { id, status, wamid } of rows) {
    const times_sent = by_callback[id] ?? 0;
    expect({ id, status, times_sent, has_wamid: wamid !== null }).toEqual(
      times_sent === 0
        ? { id, status: "unknown", times_sent: 0, has_wamid: false }
        : // A customer without WhatsApp: Meta takes it and reports that it failed.
          { id, status: "failed", times_sent: 1, has_wamid: true },
    );
    counts[status] = (counts[status] ?? 0) + 1;
  }
  expect(rows).toHaveLength(ids.length);
  return counts;
}

/** What a message in doubt looks like, whatever else has gone wrong. */
async function expectDoubtIsKept(): Promise<void> {
  const [row] = await own.sql`
    select count(*)::int as unknown, count(unsettled.message_id)::int as unsettled
    from public.whatsapp_messages left join wabase.unsettled on unsettled.message_id = whatsapp_messages.id
    where status = 'unknown'`;
  expect(row?.["unsettled"]).toBe(row?.["unknown"]);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a dispatcher that is killed", () => {
  test.each([
    ["while Meta has not decided yet", { accept_delay_ms: 1500 }],
    ["after Meta has taken the message, before it answers", { answer_delay_ms: 1500 }],
  ])("%s, sends nothing twice", async (_, delay) => {
    const ids = (await queueUp(2)).flat();
    own.bench.emulator.addFaults({ how: "pass", endpoint: "messages", times: 20, ...delay });
    const killed = await startDispatcher(own);
    const run = killed.run();
    await waitFor("calls under way", async () => {
      const [row] =
        await own.sql`select count(*)::int from wabase.lanes where lease_id is not null`;
      return row?.["count"] === 20;
    });
    await pause(500);
    killed.kill();
    await run;
    own.bench.emulator.removeFaults();
    // What was on its way arrives, although nobody waits for the answer.
    await pause(2000);
    await drain();
    const counts = await expectTheTruth(ids);
    expect(counts["failed"]).toBeGreaterThanOrEqual(20);
    await expectDoubtIsKept();
  });

  test("before it can record what Meta answered: the outcome is written all the same, or a status settles it", async () => {
    const ids = (await queueUp(1)).flat();
    const killed = await startDispatcher(own);
    const lock = connect(own.bench.stack.superuser_url);
    let run: Promise<unknown> = Promise.resolve();
    await lock.begin(async (transaction) => {
      run = killed.run();
      await waitFor("leases", async () => {
        const [row] =
          await own.sql`select count(*)::int from wabase.lanes where lease_id is not null`;
        return row?.["count"] === 20;
      });
      // Recording waits for these rows.
      await transaction`select from wabase.lanes where lease_id is not null for update`;
      await waitFor("all to be sent", async () => {
        const { by_callback } = own.bench.emulator.acceptedSummary();
        return ids.every((id) => by_callback[id] === 1);
      });
      killed.kill();
    });
    await run;
    await lock.end();
    await drain();
    expect(await expectTheTruth(ids)).toEqual({ failed: 20 });
  });

  test("again and again, at random: each message is sent once at most, and each row says the truth", async () => {
    const ids = (await queueUp(25)).flat();
    own.bench.emulator.addFaults([
      { how: "pass", endpoint: "messages", times: null, probability: 0.3, answer_delay_ms: 150 },
      { how: "pass", endpoint: "messages", times: null, probability: 0.3, accept_delay_ms: 150 },
    ]);
    for (let round = 0; round < 8 && (await countWaiting()) > 0; round += 1) {
      const killed = await startDispatcher(own);
      const run = killed.run();
      await pause(200 + Math.random() * 1200);
      killed.kill();
      await run;
      await expireLeases();
    }
    own.bench.emulator.removeFaults();
    await drain();
    const counts = await expectTheTruth(ids);
    // Only what was under way at one of the kills can be in doubt.
    expect(counts["unknown"] ?? 0).toBeLessThanOrEqual(8 * 20);
    await expectDoubtIsKept();
  }, 240_000);
});

describe("Postgres that is killed", () => {
  test("again and again, while messages are sent: each is sent once at most, and each row says the truth", async () => {
    const ids = (await queueUp(30)).flat();
    own.bench.emulator.addFaults({
      how: "pass",
      endpoint: "messages",
      times: null,
      answer_delay_ms: 100,
    });
    const dispatchers: Dispatcher[] = [await startDispatcher(own), await startDispatcher(own)];
    const over = new AbortController();
    const runs = dispatchers.map(async (dispatcher) => {
      while (!over.signal.aborted) {
        await dispatcher.run();
        await pause(100);
      }
    });
    let pid = own.bench.stack.pids.postgres;
    for (let round = 0; round < 4; round += 1) {
      await pause(700 + Math.random() * 800);
      await crashPostgres(pid);
      await pause(Math.random() * 1000);
      revived = await revivePostgres(own);
      pid = revived.pid;
    }
    own.bench.emulator.removeFaults();
    await waitFor(
      "the end of the queue",
      async () => {
        await expireLeases();
        return (await countWaiting()) === 0;
      },
      120_000,
    );
    over.abort();
    await Promise.all(runs);
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
    const counts = await expectTheTruth(ids);
    expect(counts["failed"]).toBeGreaterThan(0);
    await expectDoubtIsKept();
  }, 300_000);
});
