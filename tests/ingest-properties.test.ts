import { randomInt } from "node:crypto";
import { parseWebhook, readWebhookJson } from "@wabase/cloud-api";
import * as fc from "fast-check";
import type postgres from "postgres";
import { afterAll, expect, test } from "vitest";
import { type Change, scenarioArbitrary } from "./support/scenario.ts";
import { connect } from "./support/workbench.ts";

const RUNS = 60;

const sql = connect();
afterAll(() => sql.end());

test("any order, repetition and batching of the same events ends in the same rows", async () => {
  const orders = fc.record({
    scenario: scenarioArbitrary,
    seeds: fc.tuple(fc.noBias(fc.integer()), fc.noBias(fc.integer())),
  });
  await fc.assert(
    fc.asyncProperty(orders, async ({ scenario, seeds }) => {
      const snapshots = [];
      for (const seed of seeds) snapshots.push(await outcomeOf(shuffle(scenario, seed)));
      expect(snapshots[1]).toEqual(snapshots[0]);
    }),
    { numRuns: RUNS },
  );
}, 120_000);

test("the journal run again, any number of times, changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(scenarioArbitrary, async (scenario) => {
      const place = await newPlace();
      const bodies = batches(scenario, 1).map((changes) => bodyOf(place, changes));
      const ids = [];
      for (const body of bodies) ids.push(await ingest(body));
      const before = await snapshot(place);
      for (const [index, journal_id] of [...ids.entries()].toReversed()) {
        await ingest(bodies[index] ?? "", journal_id);
      }
      expect(await snapshot(place)).toEqual(before);
    }),
    { numRuns: 20 },
  );
}, 120_000);

interface Place {
  number_id: string;
  tenant_id: string;
  phone_number_id: string;
  waba_id: string;
}

/** A tenant and number of its own for each run, so that runs share nothing. */
async function newPlace(): Promise<Place> {
  const phone_number_id = String(randomInt(2 ** 47));
  const waba_id = String(randomInt(2 ** 47));
  const [tenant] = await sql<{ id: string }[]>`
    insert into public.whatsapp_tenants (name) values ('Property') returning id`;
  const own = tenant?.id ?? "";
  const [number] = await sql<{ id: string }[]>`
    insert into public.whatsapp_numbers (tenant_id, phone_number_id, waba_id, display_phone_number)
    values (${own}, ${phone_number_id}, ${waba_id}, '+1 555 010 0000') returning id`;
  return { number_id: number?.id ?? "", tenant_id: own, phone_number_id, waba_id };
}

async function outcomeOf(groups: Change[][]): Promise<object> {
  const place = await newPlace();
  for (const changes of groups) await ingest(bodyOf(place, changes));
  return await snapshot(place);
}

async function ingest(body: string, journal_id?: number): Promise<number> {
  const { events } = parseWebhook(readWebhookJson(body));
  const delivery = { body, secret_id: "test", events: events.map((event) => ({ ...event })) };
  const deliveries = [journal_id === undefined ? delivery : { ...delivery, journal_id }];
  const [row] = await sql<{ outcomes: { journal_id: number; kept: Record<string, number> }[] }[]>`
    select public.whatsapp_ingest(${sql.json(deliveries)}) as outcomes`;
  const outcome = row?.outcomes[0];
  expect(outcome?.kept["failed"]).toBeUndefined();
  expect(outcome?.kept["unknown_number"]).toBeUndefined();
  return outcome?.journal_id ?? 0;
}

function bodyOf(place: Place, changes: Change[]): string {
  const metadata = { display_phone_number: "15550100000", phone_number_id: place.phone_number_id };
  const entry = changes.map(({ field, value, time }) => ({
    id: place.waba_id,
    ...(time === undefined ? {} : { time }),
    changes: [{ field, value: time === undefined ? { metadata, ...value } : value }],
  }));
  return JSON.stringify({ object: "whatsapp_business_account", entry });
}

/** Some of the changes twice, all in another order, in batches of other sizes. */
function shuffle(scenario: Change[], seed: number): Change[][] {
  const next = random(seed);
  const repeated = scenario.flatMap((change) => (next() < 0.3 ? [change, change] : [change]));
  const keyed = repeated.map((change) => ({ change, key: next() }));
  const order = keyed.toSorted((a, b) => a.key - b.key).map(({ change }) => change);
  return batches(order, 1 + Math.floor(next() * 6));
}

function batches(changes: Change[], size: number): Change[][] {
  return Array.from({ length: Math.ceil(changes.length / size) }, (_, index) =>
    changes.slice(index * size, (index + 1) * size),
  );
}

/** A small generator of numbers from 0 to 1 (mulberry32), so that a failing order can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All rows of the place, told by what they mean instead of by ids that are made anew. */
async function snapshot(place: Place): Promise<object> {
  const read = async (query: postgres.PendingQuery<postgres.Row[]>): Promise<object[]> => [
    ...(await query),
  ];
  return {
    contacts: await read(sql`
      select phone, bsuid, profile_name, saved_name, marketing_opted_out from public.whatsapp_contacts
      where tenant_id = ${place.tenant_id} order by phone, bsuid`),
    conversations: await read(sql`
      select contact.phone, contact.bsuid, unread_count, last_message_at, customer_window_expires_at, state
      from public.whatsapp_conversations join public.whatsapp_contacts as contact on contact.id = contact_id
      where number_id = ${place.number_id} order by contact.phone, contact.bsuid`),
    messages: await read(sql`
      select wamid, contact.phone, contact.bsuid, direction, status, type, body, message.content, occurred_at,
        message.sent_at, delivered_at, read_at, played_at, failed_at, edited_at, revoked_at, error
      from public.whatsapp_messages as message
      join public.whatsapp_conversations as conversation on conversation.id = conversation_id
      join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
      where message.number_id = ${place.number_id} order by wamid`),
    reactions: await read(sql`
      select target_wamid, contact.phone, contact.bsuid, emoji, wamid from public.whatsapp_reactions
      left join public.whatsapp_contacts as contact on contact.id = contact_id
      where number_id = ${place.number_id} order by target_wamid, contact.phone, contact.bsuid`),
    changes: await read(sql`
      select target_wamid, kind, wamid, body, message_id is not null as is_applied
      from public.whatsapp_message_changes where number_id = ${place.number_id} order by wamid, kind`),
    calls: await read(sql`
      select call_id, status, occurred_at, ended_at from public.whatsapp_calls
      where number_id = ${place.number_id} order by call_id`),
    templates: await read(sql`
      select template_id, name, status from public.whatsapp_templates where tenant_id = ${place.tenant_id}`),
    parked: await read(sql`
      select wamid, status from wabase.parked_statuses where number_id = ${place.number_id} order by wamid, status`),
  };
}
