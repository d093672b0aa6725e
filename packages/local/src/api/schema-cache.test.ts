import { expect, test } from "vitest";
import { createSchemaCache } from "./schema-cache.ts";

type Read = Parameters<typeof createSchemaCache>[0];
type Schema = Awaited<ReturnType<Read>>;

function schema(version: string, { isWhole = true } = {}): Schema {
  const nothing = { tables: [], columns: [], indexes: [], foreign_keys: [], primary_keys: [] };
  const none = { views: [], check_constraints: [], unique_constraints: [], comments: [] };
  const rest = { custom_types: [], triggers: [], database_name: "postgres", version };
  return { ...nothing, ...none, ...rest, ...(isWhole ? { functions: [] } : {}) };
}

/** A database whose reads end when the test says so. */
function slowDatabase() {
  const reads: ((answer: Schema) => void)[] = [];
  const cache = createSchemaCache(() => new Promise((resolve) => void reads.push(resolve)));
  const version = async () => (await cache.introspect({ useCache: true })).version;
  return { reads, cache, version };
}

test("many requests at once read the schema once", async () => {
  const { reads, version } = slowDatabase();
  const answers = Promise.all([version(), version(), version()]);
  reads[0]?.(schema("1"));
  expect(await answers).toEqual(["1", "1", "1"]);
  expect(await version()).toBe("1");
  expect(reads).toHaveLength(1);
});

test("requests go on with the old schema until the new one is there", async () => {
  const { reads, cache, version } = slowDatabase();
  const first = version();
  reads[0]?.(schema("old"));
  await first;
  const reloaded = cache.reload();
  expect(await version()).toBe("old");
  reads[1]?.(schema("new"));
  await reloaded;
  expect(await version()).toBe("new");
});

test("DDL during a read is not missed: it is read once more", async () => {
  const { reads, cache, version } = slowDatabase();
  const first = cache.reload();
  const second = cache.reload();
  reads[0]?.(schema("before the DDL"));
  await expect.poll(() => reads.length).toBe(2);
  reads[1]?.(schema("after the DDL"));
  await Promise.all([first, second]);
  expect(await version()).toBe("after the DDL");
});

test("a read that failed, which Lite reports as a schema without functions, is tried again", async () => {
  const answers = [schema("broken", { isWhole: false }), schema("whole")];
  const cache = createSchemaCache(async () => answers.shift() ?? schema("none"));
  expect((await cache.introspect({ useCache: true })).version).toBe("whole");
});

test("reads that go on failing leave the old schema, and say so", async () => {
  const answers = [schema("old")];
  const cache = createSchemaCache(
    async () => answers.shift() ?? schema("broken", { isWhole: false }),
  );
  await cache.reload();
  await expect(cache.reload()).rejects.toThrow("could not read the database's schema");
  expect((await cache.introspect({ useCache: true })).version).toBe("old");
});
