import { describe, expect, test } from "vitest";
import { createGroupCommit } from "./group-commit.ts";

/** A database whose commits the test ends one by one. */
function heldDatabase() {
  const groups: string[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  const commitAll = (items: string[]): Promise<string[]> =>
    new Promise((resolve, reject) => {
      groups.push(items);
      ends.push((error) => (error ? reject(error) : resolve(items.map((item) => `${item}!`))));
    });
  const end = async (error?: Error): Promise<void> => {
    ends.shift()?.(error);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { groups, end, commitAll };
}

const OPTIONS = { max_size: 100, sizeOf: (item: string) => item.length, concernsAll: () => false };

describe("group commit", () => {
  test("a lone item waits for nobody", async () => {
    const { groups, end, commitAll } = heldDatabase();
    const answer = createGroupCommit(commitAll, OPTIONS)("a");
    expect(groups).toEqual([["a"]]);
    await end();
    expect(await answer).toBe("a!");
  });

  test("what comes while a transaction is under way goes together in the next, each with its own answer", async () => {
    const { groups, end, commitAll } = heldDatabase();
    const commit = createGroupCommit(commitAll, OPTIONS);
    const answers = ["a", "b", "c", "d"].map((item) => commit(item));
    await end();
    expect(groups).toEqual([["a"], ["b", "c", "d"]]);
    await end();
    expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!", "d!"]);
  });

  test("a group takes no more than its limit, and an item above the limit goes alone", async () => {
    const { groups, end, commitAll } = heldDatabase();
    const commit = createGroupCommit(commitAll, { ...OPTIONS, max_size: 3 });
    const answers = ["a", "bb", "c", "ddddd", "e"].map((item) => commit(item));
    for (let turn = 0; turn < 4; turn += 1) await end();
    expect(groups).toEqual([["a"], ["bb", "c"], ["ddddd"], ["e"]]);
    expect(await Promise.all(answers)).toHaveLength(5);
  });

  test("where a group fails, only who fails alone is told so", async () => {
    const groups: string[][] = [];
    const commit = createGroupCommit(async (items: string[]) => {
      groups.push(items);
      await Promise.resolve();
      if (items.includes("bad")) throw new Error("not this one");
      return items;
    }, OPTIONS);
    const answers = await Promise.allSettled(["a", "b", "bad", "c"].map((item) => commit(item)));
    expect(answers.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(groups).toEqual([["a"], ["b", "bad", "c"], ["b"], ["bad"], ["c"]]);
  });

  test("a failure that would meet all is not met by each in turn", async () => {
    const groups: string[][] = [];
    const commitAll = (items: string[]): Promise<string[]> => {
      groups.push(items);
      return Promise.reject(new Error("nobody is there"));
    };
    const commit = createGroupCommit(commitAll, { ...OPTIONS, concernsAll: () => true });
    const answers = await Promise.allSettled(["a", "b", "c"].map((item) => commit(item)));
    expect(answers.every(({ status }) => status === "rejected")).toBe(true);
    expect(groups).toEqual([["a"], ["b", "c"]]);
  });

  test("after a failure the next item is taken as ever", async () => {
    const { end, commitAll } = heldDatabase();
    const commit = createGroupCommit(commitAll, OPTIONS);
    const lost = commit("a").catch((error: Error) => error.message);
    await end(new Error("gone"));
    expect(await lost).toBe("gone");
    const next = commit("b");
    await end();
    expect(await next).toBe("b!");
  });
});
