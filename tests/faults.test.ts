import { type Cluster, people } from "@wabase/local";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crashPostgres, revivePostgres } from "./support/crash-postgres.ts";
import { demoText, type OwnWorkbench, startOwnWorkbench } from "./support/own-workbench.ts";
import { newPhone, newWamid, waitFor, withConnection } from "./support/workbench.ts";

let own: OwnWorkbench;
let revived: Cluster | null = null;
beforeAll(async () => {
  own = await startOwnWorkbench("faults");
});
afterAll(async () => {
  await own.stop();
  await revived?.stop();
});

/** How many rows each of these messages has. */
async function countStored(messages: { id: string }[]): Promise<number[]> {
  return await withConnection(own.bench.stack.superuser_url, async (sql) =>
    Promise.all(
      messages.map(async ({ id }) => {
        const rows = await sql`select from public.whatsapp_messages where wamid = ${id}`;
        return rows.length;
      }),
    ),
  );
}

const customer = people.DEMO_CUSTOMERS[0].phone;
const newText = () => ({ from: newPhone(), id: newWamid() });

describe("when Postgres crashes", () => {
  const acknowledged = Array.from({ length: 40 }, newText);
  const refused = newText();
  let waiting: string;

  test("a webhook is answered 503, not acknowledged, and Meta's side keeps it", async () => {
    const answers = await Promise.all(acknowledged.map((text) => own.post(demoText(text))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await crashPostgres(own.bench.stack.pids.postgres);

    const answer = await own.post(demoText(refused));
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: "not_stored" } });

    waiting = own.bench.emulator.sendFromCustomer(customer, { text: { body: "Hello?" } }).id;
    const delivery = await waitFor("the first attempt", async () =>
      own.bench.emulator.deliveries().find(({ attempts }) => attempts > 0),
    );
    expect(delivery).toMatchObject({ state: "pending", last_status: 503 });
  });

  test("a send is answered 503, and Meta is not called", async () => {
    const answer = await own.send({
      phone_number_id: people.DEMO_NUMBER.phone_number_id,
      to: customer,
      type: "text",
      text: { body: "Hello" },
    });
    expect(answer).toMatchObject({ http_status: 503, error: { code: "database_unavailable" } });
    expect(own.bench.emulator.accepted()).toEqual([]);
  });

  test("and is back, all that was answered 200 is there, and Meta's retry heals the rest, once each", async () => {
    revived = await revivePostgres(own);
    expect(new Set(await countStored(acknowledged))).toEqual(new Set([1]));
    expect(await countStored([refused])).toEqual([0]);
    await waitFor("the retry", async () =>
      own.bench.emulator.deliveries().every(({ state }) => state === "delivered"),
    );
    expect(await countStored([{ id: waiting }])).toEqual([1]);
    // Meta sends again what was not answered; and now and then, what was.
    for (const text of [refused, ...acknowledged.slice(0, 5)]) {
      expect((await own.post(demoText(text))).status).toBe(200);
    }
    expect(new Set(await countStored([refused, ...acknowledged]))).toEqual(new Set([1]));
  });
});

test("when the function is killed in a storm, only what is stored was answered 200, and retries find all once", async () => {
  const answered = new Map<string, number>();
  const bodies = new Map<string, string>();
  const post = async (text: ReturnType<typeof newText>): Promise<void> => {
    const body = demoText(text);
    bodies.set(text.id, body);
    answered.set(text.id, (await own.post(body)).status);
  };
  const killed = new AbortController();
  const storm = Array.from({ length: 8 }, async () => {
    while (!killed.signal.aborted) await post(newText());
  });
  await waitFor("a storm", async () => answered.size > 60);
  process.kill(own.bench.stack.pids.functions["whatsapp-webhook"] ?? 0, "SIGKILL");
  killed.abort();
  await Promise.all(storm);

  for (const [id, status] of answered) {
    const [count = -1] = await countStored([{ id }]);
    // What was not acknowledged may have been committed a moment before.
    expect([200, 502, 503]).toContain(status);
    expect(status === 200 ? [1] : [0, 1]).toContain(count);
  }
  // The platform starts the function anew; Meta sends again what was not answered 200.
  const refused = [...answered].filter(([, status]) => status !== 200).map(([id]) => id);
  for (const id of refused) {
    await waitFor(`${id} answered 200`, async () => {
      return (await own.post(bodies.get(id) ?? "")).status === 200;
    });
  }
  const counts = await countStored([...answered.keys()].map((id) => ({ id })));
  expect(new Set(counts)).toEqual(new Set([1]));
});
