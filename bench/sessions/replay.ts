import type { SignalDataSet } from "baileys";
import { parseValue } from "../../packages/sessions/src/signal/buffer-json.ts";
import type { Contestant, Open } from "./contestants.ts";
import type { TraceEvent } from "./trace.ts";

export interface Replayed {
  /** Milliseconds that each call of Baileys' waited. */
  waits: number[];
  /** Of the pairing alone, one after the other. */
  pairing_ms: number;
  backlog_ms: number;
  /** Requests that calls waited for, one after the other. */
  rounds: number;
  requests: number;
  appends: number;
  bytes_up: number;
  flushes: number | null;
}

/** What lies further apart than this is not written together. */
const WRITE_BEHIND_MS = 250;

/** The calls one after the other, each as soon as the one before is done, as Baileys' locks make them wait. */
export async function replay(contestant: Contestant, events: TraceEvent[]): Promise<Replayed> {
  const open = await contestant.open();
  const before = contestant.traffic?.requests ?? 0;
  const waits: number[] = [];
  let rounds = 0;
  const parts = { pairing: 0, messages: 0, backlog: 0 };
  for (const [index, event] of events.entries()) {
    const call = prepare(open, event);
    const asked = contestant.traffic?.requests ?? 0;
    const start = performance.now();
    await call();
    const waited = performance.now() - start;
    waits.push(waited);
    parts[event.part] += waited;
    // What stays in memory asks nobody.
    if ((contestant.traffic?.requests ?? 0) > asked) rounds += roundsOf(open, contestant, event);
    const next = events[index + 1];
    if (next === undefined || next.at - event.at > WRITE_BEHIND_MS) await open.settle();
  }
  const flushes = open.flushes();
  await open.close();
  return {
    waits,
    pairing_ms: parts.pairing,
    backlog_ms: parts.backlog,
    rounds,
    requests: (contestant.traffic?.requests ?? 0) - before,
    appends: contestant.traffic?.appends ?? 0,
    bytes_up: contestant.traffic?.bytes_up ?? 0,
    flushes,
  };
}

/** A store of single files asks for each; the others once, however many values a call has. */
function roundsOf(open: Open, { lanes }: Contestant, { values }: TraceEvent): number {
  return open.flushes() === null ? Math.max(1, Math.ceil(values.length / lanes)) : 1;
}

/** Parsing is ours, not the contestant's. */
function prepare({ creds, keys, saveCreds }: Open, event: TraceEvent): () => Promise<void> {
  if (event.creds !== null) {
    Object.assign(creds, parseValue(event.creds));
    return saveCreds;
  }
  const data: SignalDataSet = {};
  for (const [type, id, json] of event.values) {
    const values = Object.entries(data).find(([name]) => name === type)?.[1] ?? {};
    Object.assign(values, { [id]: json === null ? null : parseValue(json) });
    Object.assign(data, { [type]: values });
  }
  return async () => {
    await keys.set(data);
  };
}
