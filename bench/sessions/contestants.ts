import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stack } from "@wabase/local";
import {
  type AuthenticationCreds,
  initAuthCreds,
  type SignalDataSet,
  type SignalKeyStore,
  useMultiFileAuthState,
} from "baileys";
import {
  createKeyRing,
  createSegmentLogs,
  createServiceClient,
  createSessionStorage,
  createSupabaseLogs,
  createSupabaseStorage,
  useSupabaseAuthState,
} from "../../packages/sessions/src/index.ts";
import type { SessionBackend } from "../../packages/sessions/src/backend.ts";
import { stringifyValue } from "../../packages/sessions/src/signal/buffer-json.ts";
import { createTraffic, type Traffic } from "./counting.ts";

/** A way to keep a session, open. */
export interface Open {
  creds: AuthenticationCreds;
  keys: SignalKeyStore;
  saveCreds: () => Promise<void>;
  /** What a timer would do meanwhile. */
  settle(): Promise<void>;
  /** Requests so far that somebody waited for or a timer made, to make a batch durable; null: no such thing. */
  flushes(): number | null;
  close(): Promise<void>;
}

export interface Contestant {
  name: string;
  traffic: Traffic | null;
  /** How many files of a load, or of one call, are under way at once. */
  lanes: number;
  open(): Promise<Open>;
  /** Reads the whole session as a new process must. */
  load(): Promise<void>;
  /** How many objects or files lie there. */
  objects(): Promise<number>;
}

type Keys = Pick<Stack, "url" | "keys">;

/** Ours; `tail`: where records wait for their snapshot (design F, design D3). */
export function ours(stack: Keys, tail: "postgres" | "bucket"): Contestant {
  const traffic = createTraffic();
  const tenant = `bench-${tail}`;
  const backend = createBackend(stack, traffic, tail);
  const open = async () => await useSupabaseAuthState(tenant, "main", { backend, force: true });
  return {
    name: tail === "postgres" ? "ours (records in Postgres)" : "ours (records in the bucket)",
    traffic,
    lanes: 1,
    open: async () => {
      const handle = await open();
      const { state, saveCreds, flush, close } = handle;
      const flushes = (): number => handle.stats().appended;
      return { ...state, saveCreds, settle: flush, flushes, close };
    },
    load: async () => {
      await open();
    },
    objects: async () => (await backend.driver.list(`${tenant}/main`)).length,
  };
}

export function createBackend(
  { url, keys }: Keys,
  { fetch }: Pick<Traffic, "fetch">,
  tail: "postgres" | "bucket",
): SessionBackend {
  const client = createServiceClient({ url, secret_key: keys.secret_key }, { fetch });
  const driver = createSupabaseStorage(client);
  const logs = createSupabaseLogs(client);
  const ring = createKeyRing([["bench", new Uint8Array(randomBytes(32))]]);
  return { driver, keys: ring, logs: tail === "bucket" ? createSegmentLogs(logs, driver) : logs };
}

/** How many requests a store of single files may have under way. */
const PARALLEL = 16;

/** The document's layout, mended so that it works: one object for each key, overwritten, in its bucket. */
export function seedLayout({ url, keys }: Keys): Contestant {
  const traffic = createTraffic();
  const { fetch } = traffic;
  const client = createServiceClient({ url, secret_key: keys.secret_key }, { fetch });
  const storage = createSessionStorage(createSupabaseStorage(client));
  const tenant = "bench-seed";
  const set = async (data: SignalDataSet): Promise<void> => {
    const files = Object.entries(data).flatMap(([type, values]) =>
      Object.entries(values ?? {}).map(([id, value]) => ({ file: `${type}-${id}.json`, value })),
    );
    await inParallel(files, async ({ file, value }) => {
      if (value !== null) await storage.uploadFile(tenant, file, stringifyValue(value));
      else await client.storage.from("whatsapp-sessions").remove([`${tenant}/${file}`]);
    });
  };
  const creds = initAuthCreds();
  return {
    name: "seed document (object per key)",
    traffic,
    lanes: PARALLEL,
    open: async () => ({
      creds,
      keys: { get: () => ({}), set },
      saveCreds: async () => await storage.uploadFile(tenant, "creds.json", stringifyValue(creds)),
      settle: async () => {},
      flushes: () => null,
      close: async () => {},
    }),
    load: async () => {
      const names = await storage.listFiles(tenant);
      await inParallel(names, async (name) => {
        await storage.downloadFile(tenant, name);
      });
    },
    objects: async () => (await storage.listFiles(tenant)).length,
  };
}

/** Baileys' own, on this machine's disk; it does not wait for the disk to have written. */
export function multiFile(): Contestant {
  const folder = mkdtempSync(join(tmpdir(), "wabase-bench-"));
  return {
    name: "Baileys' multi-file, local disk",
    traffic: null,
    lanes: PARALLEL,
    open: async () => {
      const { state, saveCreds } = await useMultiFileAuthState(folder);
      const nothing = async (): Promise<void> => {};
      return { ...state, saveCreds, settle: nothing, flushes: () => null, close: nothing };
    },
    load: async () => {
      await useMultiFileAuthState(folder);
    },
    objects: async () => readdirSync(folder).length,
  };
}

async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
}
