import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  type TestTenant,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

const KINDS = ["text", "image", "reaction", "system", "edit", "revoke", "interactive", "location"];

/** What a spoiled part may become: nothing, something of another type, something enormous or hostile. */
const rubbish = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    "\0",
    "\ud800",
    "x".repeat(5_000),
    -1,
    1e308,
    "9".repeat(40),
    "'; drop table",
    "NaN",
  ),
);

/** A message of which any one part is spoiled, and which may have any type. */
const spoiledMessage = fc
  .record({
    type: fc.constantFrom(...KINDS),
    part: fc.constantFrom(
      "from",
      "id",
      "timestamp",
      "type",
      "context",
      "group_id",
      "content",
      "from_user_id",
    ),
    value: rubbish,
    drop: fc.boolean(),
  })
  .map(({ type, part, value, drop }) => {
    const whole: Record<string, unknown> = {
      from: newPhone(),
      id: newWamid(),
      timestamp: "1795000000",
      type,
      [type]: { body: "hello", message_id: "wamid.x", original_message_id: "wamid.y", id: "1" },
    };
    const key = part === "content" ? type : part;
    if (drop) Reflect.deleteProperty(whole, key);
    else whole[key] = value;
    return whole;
  });

test("a spoiled item never fails its batch: no 5xx, and the good ones beside it are stored", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(spoiledMessage, { minLength: 1, maxLength: 3 }), async (spoiled) => {
      const good = Array.from({ length: 2 }, () => ({
        from: newPhone(),
        id: newWamid(),
        timestamp: "1795000000",
        type: "text",
        text: { body: "the good one" },
      }));
      const value = {
        metadata: { display_phone_number: "1", phone_number_id: tenant.phone_number_id },
        messages: [good[0], ...spoiled, good[1]],
      };
      const answer = await postWebhook(
        JSON.stringify({
          object: "whatsapp_business_account",
          entry: [{ id: "1", changes: [{ field: "messages", value }] }],
        }),
      );
      expect(answer.status).toBe(200);
      const [row] = await sql<{ count: number }[]>`
        select count(*)::integer as count from public.whatsapp_messages
        where number_id = ${tenant.number_id} and wamid in ${sql(good.map(({ id }) => id))}`;
      expect(row?.count).toBe(2);
      const { events, journal_id }: { events: number; journal_id: number } = await answer.json();
      expect(events).toBe(value.messages.length);
      expect(journal_id).toBeGreaterThan(0);
    }),
    { numRuns: 80 },
  );
}, 120_000);

test("what is old enough is forgotten: webhooks after 8 days, those that failed after 30", async () => {
  const mark = newWamid();
  await sql`
    insert into wabase.webhook_journal (body, events, outcome, received_at)
    select ${mark}, 0, outcome, now() - age
    from (values
      ('stored', interval '7 days 23 hours'), ('stored', interval '8 days 1 hour'),
      ('kept', interval '8 days 1 hour'), ('failed', interval '29 days'), ('failed', interval '31 days')
    ) as old (outcome, age)`;
  await sql`
    insert into wabase.parked_statuses (number_id, wamid, status, event, parked_at)
    select ${tenant.number_id}, ${mark} || age, 'read', '{}', now() - age
    from unnest(array[interval '7 days', interval '9 days']) as age`;
  await sql`select wabase.prune()`;
  const left = await sql<{ outcome: string }[]>`
    select outcome from wabase.webhook_journal where body = ${mark} order by received_at`;
  expect(left.map(({ outcome }) => outcome)).toEqual(["failed", "stored"]);
  const [parked] = await sql<{ count: number }[]>`
    select count(*)::integer as count from wabase.parked_statuses where starts_with(wamid, ${mark})`;
  expect(parked?.count).toBe(1);
  const [job] = await sql`select schedule from cron.job where jobname = 'wabase-prune'`;
  expect(job).toEqual({ schedule: "17 * * * *" });
});
