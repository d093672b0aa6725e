import type { SessionBackend } from "../backend.ts";
import { SessionError } from "../errors.ts";
import { sessionFolder } from "../names.ts";
import type { Entries } from "./entries.ts";
import { loadSession } from "./load-session.ts";

export interface ReadSession {
  entries: Entries;
  epoch: number;
  /** Who has it open now. */
  owner: string | null;
  is_clean: boolean;
  /** The number of the last record, and how many of them no snapshot holds yet. */
  seq: number;
  /** Of that record: two sessions that end with the same one hold the same. */
  hash: string;
  tail_records: number;
  tail_bytes: number;
  snapshot_bytes: number;
}

/**
 * A session as it is durable now, every part checked, without becoming its writer: for backups and for those who
 * look. It may be open elsewhere. null: there is none. Never run a socket on it.
 * @throws SessionError as openSession() does, but not `held`
 */
export async function readSession(
  backend: SessionBackend,
  { tenant, session }: { tenant: string; session: string },
): Promise<ReadSession | null> {
  const folder = sessionFolder(tenant, session);
  for (let tries = 0; ; tries += 1) {
    const found = await backend.logs.read({ tenant, session, folder });
    if (found === null || found.contents.is_deleted) return null;
    const { contents, epoch, owner } = found;
    try {
      const place = { tenant, session, folder, epoch };
      const { entries, head, tail } = await loadSession(backend, place, contents);
      return {
        entries,
        epoch,
        owner,
        is_clean: contents.is_clean,
        seq: head.seq,
        hash: head.hash,
        tail_records: tail.records,
        tail_bytes: tail.bytes,
        snapshot_bytes: contents.snapshot?.bytes ?? 0,
      };
    } catch (error) {
      // Its writer may have replaced the snapshot between the two requests.
      const is_final = error instanceof SessionError && error.code === "unknown_key";
      if (is_final || tries >= MAX_TRIES || owner === null) throw error;
    }
  }
}

const MAX_TRIES = 3;
