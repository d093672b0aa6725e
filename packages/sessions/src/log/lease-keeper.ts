import type { Lease, SessionLogs } from "./types.ts";

export interface KeptLease {
  lease: Lease;
  lease_ms: number;
  /** performance.now() until which nobody else can have it. */
  held_until: number;
  /** Somebody has it, or it could not be renewed for its whole term. Called once. */
  on_lost: (reason: "taken" | "unreachable", cause?: unknown) => void;
}

export interface LeaseKeeper {
  keep(kept: KeptLease): void;
  drop(kept: KeptLease): void;
}

/** Below what the database counts: our clock begins when the request leaves. */
const MARGIN = 0.9;

export function heldUntil(asked_at: number, lease_ms: number): number {
  return asked_at + lease_ms * MARGIN;
}

const keepers = new WeakMap<SessionLogs, LeaseKeeper>();

/** One per log: the leases of all sessions of a process are renewed by one request. */
export function leaseKeeperOf(logs: SessionLogs): LeaseKeeper {
  const known = keepers.get(logs);
  if (known !== undefined) return known;
  const keeper = createLeaseKeeper(logs);
  keepers.set(logs, keeper);
  return keeper;
}

function createLeaseKeeper(logs: SessionLogs): LeaseKeeper {
  const all = new Set<KeptLease>();
  let timer: NodeJS.Timeout | null = null;
  let renewing: Promise<void> | null = null;

  const lose = (kept: KeptLease, reason: "taken" | "unreachable", cause?: unknown): void => {
    if (all.delete(kept)) kept.on_lost(reason, cause);
  };
  const renew = async (group: readonly KeptLease[], lease_ms: number): Promise<void> => {
    const asked_at = performance.now();
    try {
      const leases = group.map(({ lease }) => lease);
      // A request that hangs must not outlast the lease that it is to renew.
      const held = await within(logs.renew(leases, lease_ms), lease_ms / 3);
      for (const kept of group) {
        if (held.has(kept.lease.id)) kept.held_until = heldUntil(asked_at, lease_ms);
        else lose(kept, "taken");
      }
    } catch (cause) {
      for (const kept of group) {
        if (performance.now() > kept.held_until) lose(kept, "unreachable", cause);
      }
    }
  };
  const renewAll = async (): Promise<void> => {
    const groups = Map.groupBy(all, ({ lease_ms }) => lease_ms);
    await Promise.all(Array.from(groups, ([lease_ms, group]) => renew(group, lease_ms)));
  };
  const schedule = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (all.size === 0) return;
    const term = Math.min(...Array.from(all, ({ lease_ms }) => lease_ms)) / 3;
    timer = setTimeout(() => {
      timer = null;
      renewing = renewAll().finally(() => {
        renewing = null;
        schedule();
      });
    }, term);
    // A process whose sockets are closed may end.
    timer.unref();
  };
  return {
    keep: (kept) => {
      const is_sooner = ![...all].some(({ lease_ms }) => lease_ms <= kept.lease_ms);
      all.add(kept);
      if (renewing === null && (timer === null || is_sooner)) schedule();
    },
    drop: (kept) => {
      all.delete(kept);
    },
  };
}

async function within<Value>(work: Promise<Value>, term_ms: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${term_ms} ms`)), term_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
