import type { BusinessNumber, LimitsConfig } from "../options.ts";

const SECOND_MS = 1000;
const HOUR_MS = 60 * 60 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;
/** Meta: "1 message every 6 seconds to the same WhatsApp user". */
const PAIR_INTERVAL_MS = 6 * SECOND_MS;
/** Meta: "up to 45 messages within 6 seconds as a burst". */
const PAIR_BURST = 45;
/** Meta: "80 messages per second by default". */
const DEFAULT_THROUGHPUT = 80;

/** What `"meta"` stands for. */
const META_LIMITS: ResolvedLimits = {
  throughput: true,
  pair: "borrow",
  portfolio: 250,
  management_per_hour: 5000,
};
const NO_LIMITS: ResolvedLimits = {
  throughput: false,
  pair: null,
  portfolio: null,
  management_per_hour: null,
};

type ResolvedLimits = Exclude<LimitsConfig, string>;

/** One send, as the limits see it. */
export interface LimitedSend {
  number: BusinessNumber;
  /** One name for one person, however they were addressed. */
  recipient: string;
  /** Outside the customer's window: it counts against the portfolio. */
  is_initiated: boolean;
}

/**
 * Meta's limits, on the emulator's clock.
 *
 * - Throughput: in any second, messages in and out of one number together.
 * - Pair, `borrow` (Meta's text): one message in six seconds. Within six seconds after a first one up to 45 may be sent,
 *   each borrowed from the time to come; then nothing until that is paid back at six seconds each ("after 20, wait
 *   about two minutes"). `bucket`: 45 that may be used at any time and are refilled by one in six seconds.
 * - Portfolio: different people in any 24 hours, outside their windows.
 */
export interface Limits {
  /** The code that this send is refused with; `null`: it is within all limits, and is counted. */
  take(send: LimitedSend): number | null;
  /** A customer's message counts against the number's throughput. */
  inbound(number: BusinessNumber): void;
  /** The code that a call to the account is refused with. */
  takeManagement(waba_id: string): number | null;
}

interface LimitsOptions {
  now: () => number;
  /** What holds for numbers that do not say otherwise. */
  limits: () => LimitsConfig;
}

/** Creates limits that nobody has used yet. */
export function createLimits({ now, limits }: LimitsOptions): Limits {
  const seconds = new Map<string, Window>();
  const hours = new Map<string, Window>();
  const pairs = new Map<string, Pair>();
  const people = new Map<string, Map<string, number>>();
  const resolve = (config: LimitsConfig): ResolvedLimits => {
    if (config === "meta") return META_LIMITS;
    return config === "off" ? NO_LIMITS : config;
  };
  const limitsOf = (number: BusinessNumber) => resolve(number.limits ?? limits());

  return {
    take({ number, recipient, is_initiated }) {
      const { throughput, pair, portfolio } = limitsOf(number);
      const time = now();
      const second = throughput
        ? windowOf(seconds, number.phone_number_id, { time, length_ms: SECOND_MS })
        : null;
      if (second && second.count() >= (number.throughput ?? DEFAULT_THROUGHPUT)) return 130429;
      const pair_key = `${number.phone_number_id}/${recipient}`;
      const paired = pair ? TAKE_PAIR[pair](pairs.get(pair_key), time) : null;
      if (pair && !paired) return 131056;
      if (portfolio !== null && is_initiated) {
        const key = number.portfolio_id ?? "";
        const written = people.get(key) ?? new Map<string, number>();
        people.set(key, written);
        forgetYesterday(written, time);
        if (!written.has(recipient) && written.size >= portfolio) return 131048;
        if (!written.has(recipient)) written.set(recipient, time);
      }
      second?.add(time);
      if (paired) pairs.set(pair_key, paired);
      return null;
    },
    inbound(number) {
      if (!limitsOf(number).throughput) return;
      const time = now();
      windowOf(seconds, number.phone_number_id, { time, length_ms: SECOND_MS }).add(time);
    },
    takeManagement(waba_id) {
      const { management_per_hour } = resolve(limits());
      if (management_per_hour === null) return null;
      const time = now();
      const hour = windowOf(hours, waba_id, { time, length_ms: HOUR_MS });
      if (hour.count() >= management_per_hour) return 80007;
      hour.add(time);
      return null;
    },
  };
}

/** Times within the last so many milliseconds. */
interface Window {
  count(): number;
  add(time: number): void;
  forgetUpTo(time: number): void;
}

function createWindow(): Window {
  let times: number[] = [];
  let head = 0;
  return {
    count: () => times.length - head,
    add(time) {
      // A clock that is set back begins anew: its old times are not in any window that can come.
      if (time < (times.at(-1) ?? time)) [times, head] = [[], 0];
      times.push(time);
    },
    forgetUpTo(time) {
      while (head < times.length && (times[head] ?? 0) <= time) head += 1;
      if (head > 1000) [times, head] = [times.slice(head), 0];
    },
  };
}

function windowOf(
  windows: Map<string, Window>,
  key: string,
  { time, length_ms }: { time: number; length_ms: number },
): Window {
  const window = windows.get(key) ?? createWindow();
  windows.set(key, window);
  window.forgetUpTo(time - length_ms);
  return window;
}

/** What is owed: until when the messages so far use up the time, and the burst that they were part of. */
interface Pair {
  paid_until: number;
  burst_began: number;
  burst_count: number;
}

/** The pair after one more message; `null`: too many. */
const TAKE_PAIR = {
  borrow(pair: Pair | undefined, time: number): Pair | null {
    if (!pair || time >= pair.paid_until || time < pair.burst_began) {
      return { paid_until: time + PAIR_INTERVAL_MS, burst_began: time, burst_count: 1 };
    }
    const is_open = time < pair.burst_began + PAIR_INTERVAL_MS && pair.burst_count < PAIR_BURST;
    if (!is_open) return null;
    return {
      ...pair,
      paid_until: pair.paid_until + PAIR_INTERVAL_MS,
      burst_count: pair.burst_count + 1,
    };
  },
  bucket(pair: Pair | undefined, time: number): Pair | null {
    const owed = Math.max(0, (pair?.paid_until ?? time) - time);
    if (owed > (PAIR_BURST - 1) * PAIR_INTERVAL_MS) return null;
    return { paid_until: time + owed + PAIR_INTERVAL_MS, burst_began: time, burst_count: 1 };
  },
};

function forgetYesterday(written: Map<string, number>, time: number): void {
  for (const [recipient, at] of written) {
    // In the order of insertion, so the first that is recent ends it.
    if (at > time - DAY_MS) return;
    written.delete(recipient);
  }
}
