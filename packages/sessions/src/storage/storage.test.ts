import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, vi } from "vitest";
import { describeStorage } from "../test-support/storage-contract.ts";
import { createLocalStorage } from "./local.ts";
import { createMemoryStorage } from "./memory.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "wabase-storage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeStorage("disk", {
  make: async () => createLocalStorage(folder),
  makeUnreadable: async () => {
    // A disk that answers with an error: the folder is a circle of links.
    const broken = mkdtempSync(join(tmpdir(), "wabase-broken-"));
    symlinkSync(join(broken, "tenant"), join(broken, "tenant"));
    return { driver: createLocalStorage(broken), path: "tenant/creds.json" };
  },
});

describeStorage("memory", {
  make: async () => createMemoryStorage(),
  makeUnreadable: async () => {
    const fail = (): never => {
      throw new Error("unreadable");
    };
    const objects = new Map<string, Uint8Array>();
    const broken = Object.assign(objects, { get: fail, has: fail, [Symbol.iterator]: fail });
    return { driver: createMemoryStorage(broken), path: "tenant/creds.json" };
  },
});
