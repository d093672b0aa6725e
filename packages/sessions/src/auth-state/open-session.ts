import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { SessionBackend } from "../backend.ts";
import { SessionError } from "../errors.ts";
import { heldUntil } from "../log/lease-keeper.ts";
import type { Lease, SessionClaim, SessionContents } from "../log/types.ts";
import { sessionFolder } from "../names.ts";
import { removeFolder } from "../storage/types.ts";
import { SKIP_LINE } from "./entries.ts";
import { loadSession } from "./load-session.ts";
import { createSessionStore, type SessionStore, type StoreSettings } from "./session-store.ts";
import { skipAhead } from "./skip-ahead.ts";
import type { AuthStateOptions } from "./types.ts";

const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_SKIP_AHEAD = 32;
/** Where nothing was written since the chains last moved ahead, one send at most can have been under way. */
const SKIP_AFTER_SKIP = 2;
const DEFAULT_COMPACTION = { records: 256, bytes: 1024 * 1024, age_ms: 3_600_000 };
/** How often a session that another holds is asked for. */
const MAX_POLL_MS = 1_000;

export type OpenOptions = Omit<AuthStateOptions, "backend" | "durability" | "keep_chains">;

/**
 * Becomes the one writer of a session and reads it.
 * @throws SessionError: `held`, and what loadSession() throws
 */
export async function openSession(
  backend: SessionBackend,
  { tenant, session }: { tenant: string; session: string },
  options: OpenOptions = {},
): Promise<SessionStore> {
  const settings = settingsOf(options);
  const claim = claimOf(tenant, session, options);
  const { lease, contents, asked_at } = await acquire(backend, claim, options.wait_ms ?? 0);
  try {
    if (contents.is_deleted) await removeFolder(backend.driver, lease.folder);
    const { folder, epoch } = lease;
    const loaded = await loadSession(backend, { tenant, session, folder, epoch }, contents);
    const kept = {
      lease,
      lease_ms: settings.lease_ms,
      held_until: heldUntil(asked_at, settings.lease_ms),
    };
    const has_past = contents.snapshot !== null || contents.records.length > 0;
    const parts = { backend, tenant, session, kept, loaded, has_past, settings };
    const { store, begin } = createSessionStore(parts);
    const by = Math.min(
      settings.skip_ahead,
      loaded.has_just_skipped ? SKIP_AFTER_SKIP : Number.POSITIVE_INFINITY,
    );
    const skipped = contents.is_clean ? new Map() : skipAhead(loaded.entries, by);
    await begin(skipped, contents.is_clean ? [] : [SKIP_LINE]);
    return store;
  } catch (error) {
    // So that whoever mends it need not wait for the lease to end.
    await backend.logs.release(lease, false).catch(() => {});
    throw error;
  }
}

/** Removes a session that need not be readable any more. @throws SessionError with code `held` or `lease_lost` */
export async function deleteSession(
  backend: SessionBackend,
  { tenant, session }: { tenant: string; session: string },
  options: OpenOptions = {},
): Promise<void> {
  const claim = claimOf(tenant, session, options);
  const { lease } = await acquire(backend, claim, options.wait_ms ?? 0);
  if (!(await backend.logs.delete(lease))) {
    throw new SessionError("lease_lost", `Another process has taken session ${tenant}/${session}.`);
  }
  await removeFolder(backend.driver, lease.folder);
  await backend.logs.release(lease, true);
}

function settingsOf(options: OpenOptions): StoreSettings {
  return {
    write_behind_ms: options.write_behind_ms ?? 250,
    skip_ahead: options.skip_ahead ?? DEFAULT_SKIP_AHEAD,
    lease_ms: options.lease_ms ?? DEFAULT_LEASE_MS,
    compaction: { ...DEFAULT_COMPACTION, ...options.compaction },
  };
}

function claimOf(tenant: string, session: string, options: OpenOptions): SessionClaim {
  return {
    tenant,
    session,
    folder: sessionFolder(tenant, session),
    // Another for each opening: a second one in the same process is refused like any other.
    owner: `${options.owner ?? `${hostname()}:${process.pid}`}#${randomUUID().slice(0, 8)}`,
    lease_ms: options.lease_ms ?? DEFAULT_LEASE_MS,
    force: options.force ?? false,
  };
}

async function acquire(
  { logs }: SessionBackend,
  claim: SessionClaim,
  wait_ms: number,
): Promise<{ lease: Lease; contents: SessionContents; asked_at: number }> {
  const deadline = performance.now() + wait_ms;
  for (;;) {
    const asked_at = performance.now();
    const answer = await logs.acquire(claim);
    if (!("held" in answer)) return { ...answer, asked_at };
    const { owner, left_ms } = answer.held;
    const left = deadline - performance.now();
    if (left <= 0) {
      const name = `Session ${claim.tenant}/${claim.session}`;
      const wait = `its lease ends in ${Math.ceil(left_ms / 1000)} s unless renewed`;
      throw new SessionError(
        "held",
        `${name} is open in ${owner}; ${wait}. Close it there, wait (wait_ms), or take it (force).`,
        { owner, retry_after_ms: left_ms },
      );
    }
    await sleep(Math.max(1, Math.min(left_ms, left, MAX_POLL_MS)));
  }
}
