import type postgres from "postgres";
import { type Figure, round, summarise } from "../report.ts";
import {
  bareRows,
  ingest,
  insertBare,
  insertOutbound,
  type Place,
  updateBare,
} from "./database.ts";
import { deliveryOf, messageBody, statusBody } from "./make-events.ts";

/** Rounds in which the variants take turns, so that all meet the same noise. */
const ROUNDS = 9;
/** How long each variant runs a round. */
const TURN_MS = 400;

interface Variant {
  name: string;
  /** Messages (or statuses) a call. */
  size: number;
  /** Made before the clock starts. */
  prepare: () => Promise<() => Promise<void>>;
}

/** Messages a second of each way to store them, in turns over the same table. */
export async function measureSql(
  sql: postgres.Sql,
  place: Place,
): Promise<{ figures: Figure[]; rates: Record<string, number> }> {
  const variants = [...messageVariants(sql, place), ...statusVariants(sql, place)];
  const rates = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  for (const { prepare } of variants) await (await prepare())();
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    for (const variant of variants) rates.get(variant.name)?.push(await rateOf(variant));
  }
  const figures = variants.map(({ name }) => summarise(name, "/s", rates.get(name) ?? []));
  return {
    figures,
    rates: Object.fromEntries(figures.map(({ name, value }) => [name, round(value)])),
  };
}

function messageVariants(sql: postgres.Sql, place: Place): Variant[] {
  const bare = (size: number): Variant => ({
    name: `bare insert, ${size} a statement`,
    size,
    prepare: async () => {
      const rows = bareRows(sql, place, size);
      return () => insertBare(sql, rows);
    },
  });
  const ours = (size: number): Variant => ({
    name: `ingest, ${size} a call`,
    size,
    prepare: async () => {
      const delivery = deliveryOf(messageBody(size));
      return () => ingest(sql, [delivery]);
    },
  });
  const journalAlone: Variant = {
    name: "of which the journal, a body of 100",
    size: 100,
    prepare: async () => {
      const body = messageBody(100);
      return async () => {
        await sql`insert into wabase.webhook_journal (body, secret_id, events) values (${body}, 'bench', 100)`;
      };
    },
  };
  return [bare(1), bare(100), ours(1), ours(10), ours(100), ours(1000), journalAlone];
}

function statusVariants(sql: postgres.Sql, place: Place): Variant[] {
  const size = 100;
  return [
    {
      name: "bare update, 100 a statement",
      size,
      prepare: async () => {
        const wamids = await insertOutbound(sql, place, size);
        return () => updateBare(sql, place, wamids);
      },
    },
    {
      name: "ingest of statuses, 100 a call",
      size,
      prepare: async () => {
        const wamids = await insertOutbound(sql, place, size);
        const delivery = deliveryOf(statusBody("delivered", wamids));
        return () => ingest(sql, [delivery]);
      },
    },
  ];
}

async function rateOf({ prepare, size }: Variant): Promise<number> {
  let spent = 0;
  let calls = 0;
  while (spent < TURN_MS) {
    const call = await prepare();
    const start = performance.now();
    await call();
    spent += performance.now() - start;
    calls += 1;
  }
  return (calls * size * 1000) / spent;
}

/** Milliseconds a message in batches of a hundred, on the table as it is now. */
export async function costPerMessage(sql: postgres.Sql): Promise<number[]> {
  const size = 100;
  const costs: number[] = [];
  for (let call = 0; call < 60; call += 1) {
    const delivery = deliveryOf(messageBody(size));
    const start = performance.now();
    await ingest(sql, [delivery]);
    // The first calls still make their plans.
    if (call >= 10) costs.push((performance.now() - start) / size);
  }
  return costs;
}
