import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../../../tests/support/workbench.ts";
import { type Callers, createBucket, createCallers } from "./test-fixture.ts";

let callers: Callers;
let bucket: Awaited<ReturnType<typeof createBucket>>;
const superuser = connect();

beforeAll(async () => {
  callers = await createCallers();
  bucket = await createBucket(callers);
  // Rows alone: what is listed is what the table holds.
  await superuser`
    insert into storage.objects (bucket_id, name, created_at, metadata)
    select ${bucket.name}, 'many/' || lpad(i::text, 4, '0'), now() - i * interval '1 minute', '{"size": 1}'
    from generate_series(0, 1299) as i`;
  const keys = ["b.txt", "a/1.txt", "a/2.txt", "a/deep/3.txt", "a.txt", "A2.txt", "C/x", "_"];
  for (const [index, name] of keys.entries()) {
    await superuser`
      insert into storage.objects (bucket_id, name, created_at, metadata)
      values (${bucket.name}, ${name}, ${`2026-01-0${index + 1} 12:00:00.5+00`}, '{"size": 7}')`;
  }
});
afterAll(async () => {
  await bucket.drop();
  await superuser.end();
});

type ListOptions = Parameters<ReturnType<typeof from>["list"]>[1];

const from = () => callers.service.storage.from(bucket.name);

async function list(prefix?: string, options?: ListOptions) {
  const { data, error } = await from().list(prefix, options);
  expect(error).toBeNull();
  return data ?? [];
}

async function names(prefix?: string, options?: ListOptions): Promise<string[]> {
  return (await list(prefix, options)).map(({ name }) => name);
}

describe("list()", () => {
  test("is one level, folders among the rest, sorted without regard to case", async () => {
    expect(await names()).toEqual(["_", "a.txt", "a", "A2.txt", "b.txt", "C", "many"]);
    expect(await names("a")).toEqual(["1.txt", "2.txt", "deep"]);
    expect(await names("a/")).toEqual(["1.txt", "2.txt", "deep"]);
    expect(await names("a/deep")).toEqual(["3.txt"]);
    expect(await names("nothing")).toEqual([]);
  });

  test("a folder is a row whose id, times and metadata are null; an object has them all", async () => {
    const [file, , folder] = await list("a");
    expect(folder).toEqual({
      name: "deep",
      id: null,
      updated_at: null,
      created_at: null,
      last_accessed_at: null,
      metadata: null,
    });
    expect(file).toMatchObject({
      name: "1.txt",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      created_at: "2026-01-02T12:00:00.500Z",
      metadata: { size: 7 },
    });
  });

  test("gives 100 rows where nothing else is said", async () => {
    const rows = await names("many");
    expect([rows.length, rows[0], rows[99]]).toEqual([100, "0000", "0099"]);
  });

  test("gives every one of 1,300 objects once, page by page", async () => {
    for (const limit of [100, 1000]) {
      const seen: string[] = [];
      for (let offset = 0; ; offset += limit) {
        const page = await names("many", { limit, offset });
        seen.push(...page);
        if (page.length < limit) break;
      }
      expect(seen).toHaveLength(1300);
      expect(new Set(seen).size).toBe(1300);
    }
  });

  test("search is how the name begins, in any case, and reaches into a folder's name", async () => {
    expect(await names("", { search: "a" })).toEqual(["a.txt", "a", "A2.txt"]);
    expect(await names("many", { search: "129" })).toEqual(["1290"].concat(range(1291, 1299)));
    expect(await names("a", { search: "DEE" })).toEqual(["deep"]);
    expect(await names("", { search: "txt" })).toEqual([]);
  });

  test("sorts by name backwards, and by time with the folders first", async () => {
    const down = { column: "name", order: "desc" };
    expect(await names("a", { sortBy: down })).toEqual(["deep", "2.txt", "1.txt"]);
    const oldest = { column: "created_at", order: "asc" };
    expect(await names("", { sortBy: oldest })).toEqual(
      ["C", "a", "many"].concat(["b.txt", "a.txt", "A2.txt", "_"]),
    );
    const newest = { column: "created_at", order: "desc" };
    expect(await names("many", { sortBy: newest, limit: 3 })).toEqual(["0000", "0001", "0002"]);
    expect(await names("", { sortBy: newest, limit: 2, offset: 3 })).toEqual(["_", "A2.txt"]);
  });

  test("refuses what it does not understand", async () => {
    for (const options of [{ limit: -1 }, { sortBy: { column: "owner; drop" } }]) {
      const { error } = await from().list("", options);
      expect(error).toMatchObject({ status: 400, code: "InvalidRequest" });
    }
  });
});

describe("listV2()", () => {
  test("lists whole keys, 1,000 a page, and goes on from its cursor to the end", async () => {
    const first = await from().listV2({ prefix: "many/" });
    expect([first.data?.hasNext, first.data?.objects.length]).toEqual([true, 1000]);
    expect(first.data?.objects[0]).toMatchObject({ key: "many/0000", metadata: { size: 1 } });
    const cursor = first.data?.nextCursor ?? "";
    const second = await from().listV2({ prefix: "many/", cursor });
    expect([second.data?.hasNext, second.data?.nextCursor]).toEqual([false, undefined]);
    expect(second.data?.objects.map(({ key }) => key)).toEqual(
      range(1000, 1299).map((name) => `many/${name}`),
    );
  });

  test("the prefix is the beginning of a key, not a folder", async () => {
    const { data } = await from().listV2({ prefix: "many/129" });
    expect(data?.objects).toHaveLength(10);
  });

  test("with_delimiter folds what lies deeper into folders, also across pages", async () => {
    const keys: string[] = [];
    let cursor: string | undefined;
    do {
      const { data } = await from().listV2({
        with_delimiter: true,
        limit: 3,
        ...(cursor === undefined ? {} : { cursor }),
      });
      keys.push(...(data?.folders ?? []).map(({ name }) => name));
      keys.push(...(data?.objects ?? []).map(({ name }) => name));
      cursor = data?.nextCursor;
    } while (cursor !== undefined);
    expect(keys.toSorted()).toEqual(
      ["A2.txt", "C/", "_", "a.txt", "a/", "b.txt", "many/"].toSorted(),
    );
  });

  test("with_delimiter below a prefix", async () => {
    const { data } = await from().listV2({ prefix: "a/", with_delimiter: true });
    expect(data?.folders).toMatchObject([{ name: "a/deep/" }]);
    expect(data?.objects.map(({ name }) => name)).toEqual(["a/1.txt", "a/2.txt"]);
  });
});

test("nobody lists a private bucket without a policy, and a bucket that is not there is empty", async () => {
  for (const caller of [callers.anon, callers.user]) {
    expect((await caller.storage.from(bucket.name).list("a")).data).toEqual([]);
    expect((await caller.storage.from(bucket.name).listV2()).data?.objects).toEqual([]);
  }
  expect((await callers.service.storage.from("no-such-bucket").list()).data).toEqual([]);
});

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) =>
    String(first + index).padStart(4, "0"),
  );
}
