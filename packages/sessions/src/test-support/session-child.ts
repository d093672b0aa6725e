// A server process with one session: opens it, writes numbers until it is killed, and tells its parent.
import { createSessionBackend } from "../backend.ts";
import { entryKey } from "../auth-state/entries.ts";
import { openSession } from "../auth-state/open-session.ts";
import { SessionError } from "../errors.ts";

export type ChildReport =
  | { kind: "opened"; epoch: number; number: number }
  | { kind: "held"; owner: string }
  | { kind: "written"; number: number }
  | { kind: "lost"; code: string };

const tell = (report: ChildReport): void => {
  process.send?.(report);
};

const NUMBER = entryKey("session", "number");

try {
  const place = { tenant: process.env["TENANT"] ?? "", session: "main" };
  const store = await openSession(createSessionBackend(), place, {
    owner: process.env["OWNER"] ?? "child",
    lease_ms: 3_000,
    wait_ms: Number(process.env["WAIT_MS"] ?? 0),
    compaction: { records: 7 },
  });
  let number = Number(store.get(NUMBER) ?? 0);
  tell({ kind: "opened", epoch: store.epoch, number });
  store.events.on("lost", ({ code }) => tell({ kind: "lost", code }));
  while (!store.signal.aborted) {
    number += 1;
    await store.write(new Map([[NUMBER, String(number)]]), true);
    tell({ kind: "written", number });
  }
} catch (error) {
  if (!(error instanceof SessionError)) throw error;
  if (error.code === "held") tell({ kind: "held", owner: error.owner ?? "" });
}
process.disconnect?.();
