import type { LedgerEntry } from "./types.ts";

/** Which accepted messages; all that are given must fit. */
export interface LedgerFilter {
  phone_number_id?: string | undefined;
  /** A phone in digits, a user id, a group id, or the input as it came. */
  recipient?: string | undefined;
  biz_opaque_callback_data?: string | undefined;
  template?: string | undefined;
  /** Milliseconds since 1970, included. */
  since?: number | undefined;
  /** The newest so many. */
  limit?: number | undefined;
}

/** What the ledger proves. */
export interface LedgerSummary {
  total: number;
  /** How often each `biz_opaque_callback_data` was accepted. */
  by_callback: { [biz_opaque_callback_data: string]: number };
  more_than_once: { biz_opaque_callback_data: string; count: number; ids: string[] }[];
  without_callback: number;
  /** Per number, the most that were accepted in any window of this length. */
  peaks: { phone_number_id: string; window_ms: number; count: number; from: number }[];
  /** The pair of number and recipient that was pressed hardest; `null`: there is none. */
  pair_peak: PairPeak | null;
  /** Answers that were errors, by code, since the start. */
  refused: { [code: string]: number };
}

/** How hard one recipient was pressed by one number. */
export interface PairPeak {
  phone_number_id: string;
  recipient: string;
  /** The most that were accepted in any six seconds. */
  in_6s: number;
  /** The highest level of a bucket that each message fills by 1 and that loses 1 in six seconds: at most 45 at Meta. */
  debt: number;
}

/** What Graph accepted and refused. */
export interface Ledger {
  add(entry: LedgerEntry): void;
  refused(phone_number_id: string | null, code: number): void;
  /** Since the start, those that are no longer kept included. */
  total(): number;
  list(filter?: LedgerFilter): LedgerEntry[];
  summary(filter: LedgerFilter & { window_ms?: number | undefined }): LedgerSummary;
}

const PAIR_WINDOW_MS = 6000;
const DEFAULT_WINDOW_MS = 1000;

/** Creates an empty ledger. `keep`: how many entries; `null`: all. */
export function createLedger(keep: () => number | null): Ledger {
  let entries: LedgerEntry[] = [];
  let total = 0;
  const refusals = new Map<string, Map<number, number>>();
  const list = (filter: LedgerFilter = {}) => {
    const found = entries.filter((entry) => fits(entry, filter));
    return filter.limit === undefined ? found : found.slice(-filter.limit);
  };
  return {
    add(entry) {
      entries.push(entry);
      total += 1;
      const limit = keep();
      // In steps of a half, so that the cost per message stays constant.
      if (limit !== null && entries.length > limit * 1.5) entries = entries.slice(-limit);
    },
    refused(phone_number_id, code) {
      const key = phone_number_id ?? "";
      const codes = refusals.get(key) ?? new Map<number, number>();
      refusals.set(key, codes.set(code, (codes.get(code) ?? 0) + 1));
    },
    total: () => total,
    list(filter) {
      const limit = keep();
      const found = list(filter);
      return limit === null ? found : found.slice(-limit);
    },
    summary({ window_ms = DEFAULT_WINDOW_MS, ...filter }) {
      const found = list(filter);
      const callbacks = idsByCallback(found);
      return {
        total: found.length,
        by_callback: Object.fromEntries([...callbacks].map(([key, ids]) => [key, ids.length])),
        more_than_once: [...callbacks]
          .filter(([, ids]) => ids.length > 1)
          .map(([key, ids]) => ({ biz_opaque_callback_data: key, count: ids.length, ids })),
        without_callback: found.filter((entry) => entry.biz_opaque_callback_data === null).length,
        peaks: [...timesBy(found, (entry) => entry.phone_number_id)].map(
          ([phone_number_id, times]) => ({ phone_number_id, window_ms, ...peak(times, window_ms) }),
        ),
        pair_peak: hardestPair(found),
        refused: sumRefusals(refusals, filter.phone_number_id),
      };
    },
  };
}

function fits(entry: LedgerEntry, filter: LedgerFilter): boolean {
  const { recipient, since } = filter;
  return (
    same(filter.phone_number_id, entry.phone_number_id) &&
    same(filter.biz_opaque_callback_data, entry.biz_opaque_callback_data) &&
    same(filter.template, entry.template) &&
    (since === undefined || entry.accepted_at >= since) &&
    (recipient === undefined || entry.phone === recipient || entry.input === recipient)
  );
}

function same(asked: string | undefined, given: string | null): boolean {
  return asked === undefined || asked === given;
}

function idsByCallback(entries: readonly LedgerEntry[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { biz_opaque_callback_data: key, id } of entries) {
    if (key !== null) put(ids, key, id);
  }
  return ids;
}

function timesBy(entries: readonly LedgerEntry[], keyOf: (entry: LedgerEntry) => string) {
  const times = new Map<string, number[]>();
  for (const entry of entries) put(times, keyOf(entry), entry.accepted_at);
  return times;
}

function put<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** The fullest half-open window `[from, from + window_ms)`. */
function peak(times: readonly number[], window_ms: number): { count: number; from: number } {
  let best = { count: 0, from: 0 };
  let start = 0;
  for (const [index, time] of times.entries()) {
    while ((times[start] ?? time) <= time - window_ms) start += 1;
    const count = index - start + 1;
    if (count > best.count) best = { count, from: times[start] ?? time };
  }
  return best;
}

function hardestPair(entries: readonly LedgerEntry[]): PairPeak | null {
  const recipients = new Map(
    entries.map((entry) => [`${entry.phone_number_id}/${entry.phone ?? entry.input}`, entry]),
  );
  const pairs = [...timesBy(entries, (one) => `${one.phone_number_id}/${one.phone ?? one.input}`)];
  const peaks = pairs.map(([key, times]) => {
    const entry = recipients.get(key);
    return {
      phone_number_id: entry?.phone_number_id ?? "",
      recipient: entry?.phone ?? entry?.input ?? "",
      in_6s: peak(times, PAIR_WINDOW_MS).count,
      debt: highestLevel(times),
    };
  });
  return peaks.toSorted((one, other) => other.debt - one.debt)[0] ?? null;
}

function highestLevel(times: readonly number[]): number {
  let level = 0;
  let highest = 0;
  let before = times[0] ?? 0;
  for (const time of times) {
    level = Math.max(0, level - (time - before) / PAIR_WINDOW_MS) + 1;
    highest = Math.max(highest, level);
    before = time;
  }
  return highest;
}

function sumRefusals(
  refusals: ReadonlyMap<string, ReadonlyMap<number, number>>,
  phone_number_id: string | undefined,
): { [code: string]: number } {
  const sums: { [code: string]: number } = {};
  for (const [number, codes] of refusals) {
    if (phone_number_id !== undefined && number !== phone_number_id) continue;
    for (const [code, count] of codes) sums[code] = (sums[code] ?? 0) + count;
  }
  return sums;
}
