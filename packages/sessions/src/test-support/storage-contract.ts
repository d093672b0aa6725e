import { beforeEach, describe, expect, test } from "vitest";
import { createSessionStorage } from "../storage/session-storage.ts";
import type { StorageDriver } from "../storage/types.ts";

export interface StorageContract {
  make: () => Promise<StorageDriver>;
  /** One that is there and cannot be read: another key, a broken disk. */
  makeUnreadable: () => Promise<{ driver: StorageDriver; path: string }>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every driver promises; memory, disk and Supabase pass the same tests. */
export function describeStorage(kind: string, { make, makeUnreadable }: StorageContract): void {
  describe(`storage on ${kind}`, () => {
    let driver: StorageDriver;
    let tenant: string;
    let counter = 0;

    beforeEach(async () => {
      driver = await make();
      counter += 1;
      tenant = `tenant-${process.pid}-${Date.now()}-${counter}`;
    });

    test("gives back the bytes that were put, and null for what was never there", async () => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      expect(await driver.put(`${tenant}/main/a`, all)).toBe("stored");
      expect(await driver.get(`${tenant}/main/a`)).toEqual(all);
      expect(await driver.get(`${tenant}/main/b`)).toBeNull();
      expect(await driver.get(`${tenant}/main`)).toBeNull();
    });

    test("never overwrites unless told to, and takes the same bytes for its own earlier try", async () => {
      const path = `${tenant}/a`;
      await driver.put(path, bytes("one"));
      expect(await driver.put(path, bytes("two"))).toBe("exists");
      expect(await driver.put(path, bytes("one"))).toBe("stored");
      expect(await driver.get(path)).toEqual(bytes("one"));
      expect(await driver.put(path, bytes("three"), { overwrite: true })).toBe("stored");
      expect(await driver.get(path)).toEqual(bytes("three"));
    });

    test("of twenty writers of one path, one wins and all others are told", async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => driver.put(`${tenant}/a`, bytes(`by ${index}`))),
      );
      expect(results.filter((result) => result === "stored")).toHaveLength(1);
      const winner = results.indexOf("stored");
      expect(await driver.get(`${tenant}/a`)).toEqual(bytes(`by ${winner}`));
    });

    test("says of exactly one name whether it is there", async () => {
      const storage = createSessionStorage(driver);
      await storage.uploadFile(tenant, "creds.json.bak", "{}");
      await storage.uploadFile(tenant, "pre-key-10.json", "{}");
      await storage.uploadFile(tenant, "Creds.json", "{}");
      expect(await storage.fileExists(tenant, "creds.json")).toBe(false);
      expect(await storage.fileExists(tenant, "pre-key-1")).toBe(false);
      expect(await storage.fileExists(tenant, "pre-key-1.json")).toBe(false);
      expect(await storage.fileExists(tenant, "Creds.json")).toBe(true);
      expect(await storage.fileExists(`${tenant}-2`, "Creds.json")).toBe(false);
    });

    test("lists everything of a tenant, and nothing of one whose name begins alike", async () => {
      const storage = createSessionStorage(driver);
      await storage.uploadFile(tenant, "b.json", "{}");
      await storage.uploadFile(tenant, "a.json", "{}");
      await driver.put(`${tenant}/main/1.snapshot`, bytes("x"));
      await driver.put(`${tenant}-2/main/1.snapshot`, bytes("x"));
      expect(await storage.listFiles(tenant)).toEqual(["a.json", "b.json"]);
      expect(await driver.list(tenant)).toEqual([
        { path: `${tenant}/a.json`, bytes: 2 },
        { path: `${tenant}/b.json`, bytes: 2 },
        { path: `${tenant}/main/1.snapshot`, bytes: 1 },
      ]);
      expect(await storage.listFiles("nobody")).toEqual([]);
    });

    test("keeps names apart that look like paths, other cases or escapes, and inside their tenant", async () => {
      const storage = createSessionStorage(driver);
      const names = [
        "../../x",
        "..",
        "a/b",
        "a=2Fb",
        "A",
        "a",
        "\u00e4",
        "a\u0308",
        "a..b",
        ".hidden",
        "x y%?#",
      ];
      for (const name of names) await storage.uploadFile(tenant, name, JSON.stringify(name));
      expect(await storage.listFiles(tenant)).toEqual(names.toSorted());
      for (const name of names) {
        expect(await storage.downloadFile(tenant, name)).toBe(JSON.stringify(name));
      }
      await expect(storage.uploadFile("../other", "a", "{}")).rejects.toThrow(
        /^tenant: has a slash/,
      );
    });

    test("removes a tenant of more than 1,000 files to the last, proven by listing again", async () => {
      const storage = createSessionStorage(driver);
      const count = 1_050;
      for (let start = 0; start < count; start += 50) {
        await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            driver.put(`${tenant}/pre-key-${start + index}.json`, bytes("{}")),
          ),
        );
      }
      await driver.put(`${tenant}/main/1.snapshot`, bytes("x"));
      await driver.put(`${tenant}-2/keep`, bytes("x"));
      expect(await storage.listFiles(tenant)).toHaveLength(count);
      expect(await storage.deleteAllFiles(tenant)).toBe(count + 1);
      expect(await driver.list(tenant)).toEqual([]);
      expect(await driver.has(`${tenant}-2/keep`)).toBe(true);
      expect(await storage.deleteAllFiles(tenant)).toBe(0);
    }, 120_000);

    test("takes what it cannot read for an error, and never for absent", async () => {
      const { driver: broken, path } = await makeUnreadable();
      for (const attempt of [
        broken.get(path),
        broken.has(path),
        broken.list(path.split("/")[0] ?? ""),
      ]) {
        await expect(attempt).rejects.toBeInstanceOf(Error);
      }
    });
  });
}
