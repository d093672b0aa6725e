import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { sha256 } from "../crypto/envelope.ts";
import { numbered } from "../names.ts";
import type { Lease, LogRecord, SessionLogs, SnapshotPointer } from "../log/types.ts";

const LEASE_MS = 30_000;

/** A record behind the one before; what is in it the log does not know. */
function record(seq: number, before: LogRecord | null): LogRecord {
  const envelope = new TextEncoder().encode(`record ${seq} ${randomUUID()}`);
  return { seq, prev: before?.hash ?? "", hash: sha256(envelope), key_id: "k", envelope };
}

export interface LogContract {
  make: () => Promise<SessionLogs>;
  /** Makes a session's lease end now, as if its owner had died long ago. */
  expire: (place: { tenant: string; session: string; folder: string }) => Promise<void>;
}

/** What every log promises about who may write. */
export function describeLogs(name: string, { make, expire }: LogContract): void {
  describe(`the log: ${name}`, () => {
    let logs: SessionLogs;
    let place: { tenant: string; session: string; folder: string };

    beforeEach(async () => {
      logs = await make();
      const tenant = `tenant-${randomUUID()}`;
      place = { tenant, session: "main", folder: `${tenant}/main` };
    });

    const claim = async (owner: string, force = false) =>
      await logs.acquire({ ...place, owner, lease_ms: LEASE_MS, force });
    const take = async (owner: string, force = false) => {
      const answer = await claim(owner, force);
      if ("held" in answer) throw new Error(`held by ${answer.held.owner}`);
      return answer;
    };
    const pointerAt = ({ epoch }: Lease, seq: number): SnapshotPointer => {
      const path = `${place.folder}/${numbered(epoch, seq)}-aa.snapshot`;
      return { path, seq, sha256: "x", bytes: 1, key_id: "k" };
    };
    /** An opening's own snapshot, where appends are not fenced. */
    const anchor = async (lease: Lease): Promise<void> => {
      if (!logs.fences_appends) await logs.publish(lease, pointerAt(lease, 0), { hash: "" });
    };

    test("gives a session to one opening at a time, and says who has it and for how long", async () => {
      const first = await take("a");
      expect(first.lease.epoch).toBe(1);
      expect(first.contents).toMatchObject({ snapshot: null, records: [], is_clean: true });
      const left_ms = expect.toSatisfy((left: number) => left > LEASE_MS / 2 && left <= LEASE_MS);
      expect(await claim("b")).toEqual({ held: { owner: "a", left_ms } });
      expect(await logs.release(first.lease, true)).toBe(true);
      expect((await take("b")).lease.epoch).toBe(2);
    });

    test("gives the same session to one of twenty who ask at once", async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => claim(`owner ${index}`)),
      );
      expect(answers.filter((answer) => "lease" in answer)).toHaveLength(1);
    });

    test("is taken over after the lease's end, or by force, and calls that unclean", async () => {
      await take("a");
      await expire(place);
      const second = await take("b");
      expect(second.contents.is_clean).toBe(false);
      const third = await take("c", true);
      expect(third.lease.epoch).toBe(3);
      expect(third.contents.is_clean).toBe(false);
      expect(await logs.release(second.lease, true)).toBe(false);
      expect(await logs.release(third.lease, true)).toBe(true);
      expect((await take("d")).contents.is_clean).toBe(true);
    });

    test("answers what was appended, in order, to the next opening", async () => {
      const { lease } = await take("a");
      await anchor(lease);
      const first = record(1, null);
      const second = record(2, first);
      expect(await logs.append(lease, first, LEASE_MS)).toBe("written");
      expect(await logs.append(lease, second, LEASE_MS)).toBe("written");
      await logs.release(lease, true);
      const { contents } = await take("b");
      expect(contents.records).toEqual([first.envelope, second.envelope]);
      expect(contents.is_clean).toBe(true);
    });

    test("takes a record twice for one: the answer to the first may have been lost", async () => {
      const { lease } = await take("a");
      await anchor(lease);
      const first = record(1, null);
      expect(await logs.append(lease, first, LEASE_MS)).toBe("written");
      expect(await logs.append(lease, first, LEASE_MS)).toBe("written");
      expect((await take("b", true)).contents.records).toEqual([first.envelope]);
    });

    test("drops the records that a snapshot holds, and keeps those behind it", async () => {
      const { lease } = await take("a");
      await anchor(lease);
      const first = record(1, null);
      const second = record(2, first);
      await logs.append(lease, first, LEASE_MS);
      await logs.append(lease, second, LEASE_MS);
      const pointer = pointerAt(lease, 1);
      const head = logs.fences_appends ? undefined : { hash: first.hash };
      expect(await logs.publish(lease, pointer, head)).toBe(true);
      const { contents } = await take("b", true);
      expect(contents.snapshot).toEqual(pointer);
      expect(contents.records).toEqual([second.envelope]);
    });

    test("lets whom another has replaced neither publish, renew, release nor delete", async () => {
      const old = await take("a");
      const now = await take("b", true);
      expect(await logs.publish(old.lease, pointerAt(old.lease, 0))).toBe(false);
      expect(await logs.renew([old.lease, now.lease], LEASE_MS)).toEqual(new Set([now.lease.id]));
      expect(await logs.release(old.lease, true)).toBe(false);
      expect(await logs.delete(old.lease)).toBe(false);
      expect(await logs.read(place)).toMatchObject({ owner: "b", epoch: 2 });
    });

    test("what a replaced opening still appends is read by nobody", async () => {
      const old = await take("a");
      await anchor(old.lease);
      const first = record(1, null);
      await logs.append(old.lease, first, LEASE_MS);
      const now = await take("b", true);
      await anchor(now.lease);
      const zombie = await logs.append(old.lease, record(2, first), LEASE_MS);
      expect(zombie).toBe(logs.fences_appends ? "fenced" : "written");
      const { contents } = await take("c", true);
      expect(contents.records).toEqual(logs.fences_appends ? [first.envelope] : []);
    });

    test("renews many leases at once, so that nobody else gets them", async () => {
      const { lease } = await take("a");
      await expire(place);
      expect(await logs.renew([lease], LEASE_MS)).toEqual(new Set([lease.id]));
      expect(await claim("b")).toMatchObject({ held: { owner: "a" } });
    });

    test("forgets a deleted session's contents and never its epoch", async () => {
      const { lease } = await take("a");
      await anchor(lease);
      const only = record(1, null);
      await logs.append(lease, only, LEASE_MS);
      await logs.publish(lease, pointerAt(lease, 1), { hash: only.hash });
      expect(await logs.delete(lease)).toBe(true);
      await logs.release(lease, true);
      const again = await take("b");
      expect(again.lease.epoch).toBe(2);
      expect(again.contents).toMatchObject({ snapshot: null, records: [], is_deleted: true });
      expect((await logs.list()).filter(({ tenant }) => tenant === place.tenant)).toEqual([]);
    });

    test("lists sessions without their contents", async () => {
      const { lease } = await take("a");
      await anchor(lease);
      await logs.append(lease, record(1, null), LEASE_MS);
      const found = (await logs.list()).find(({ tenant }) => tenant === place.tenant);
      expect(found).toMatchObject({ session: "main", epoch: 1, owner: "a", records: 1 });
      expect(await logs.read({ ...place, tenant: "nobody", folder: "nobody/main" })).toBeNull();
    });
  });
}
