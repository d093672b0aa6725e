import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, vi } from "vitest";
import { createLocalStorage } from "../storage/local.ts";
import { createMemoryStorage } from "../storage/memory.ts";
import { describeLogs } from "../test-support/log-contract.ts";
import { memoryBackend } from "../test-support/backends.ts";
import { createFileLeases } from "./file-leases.ts";
import { createSegmentLogs } from "./segment-logs.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "wabase-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { logs, rows } = memoryBackend();
const expireRow = async (place: { folder: string }): Promise<void> => {
  const row = rows.get(place.folder);
  if (row !== undefined) row.lease_until = 0;
};

describeLogs("in memory", { make: async () => logs, expire: expireRow });

describeLogs("segments beside a lease", {
  make: async () => createSegmentLogs(logs, createMemoryStorage()),
  expire: expireRow,
});

describeLogs("files on this machine", {
  make: async () => createSegmentLogs(createFileLeases(folder), createLocalStorage(folder)),
  expire: async (place) => {
    const states = join(folder, ".leases", ...place.folder.split("/"));
    for (const name of readdirSync(states)) utimesSync(join(states, name), 0, 0);
  },
});
