import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, expect, test, vi } from "vitest";

const METHODS = ["log", "info", "warn", "error"] as const;
// Before quiet-lite replaces them: what it lets through then arrives here.
const printed = METHODS.map((method) => vi.spyOn(console, method).mockImplementation(() => {}));
const { quietly } = await import("./quiet-lite.ts");
const lines: string[] = [];
const log = (line: string): void => void lines.push(line);

beforeEach(() => {
  lines.length = 0;
  for (const spy of printed) spy.mockClear();
});
afterAll(() => {
  for (const spy of printed) spy.mockRestore();
});

function databaseError(): Error {
  return Object.assign(new Error("new row violates check"), {
    name: "PostgresError",
    code: "23514",
    detail: "Failing row contains (1, a customer's words)",
  });
}

test.each(METHODS)("console.%s of an error becomes its name and code, and no more", (method) => {
  quietly(log, () => console[method]("Storage error:", databaseError()));
  expect(lines).toEqual(["api: PostgresError 23514"]);
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
});

test("text and objects are not printed at all", () => {
  quietly(log, () => console.log("SELECT 'a customer's words'", { body: "more of them" }));
  expect(lines).toEqual([]);
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
});

test("nor after an await, a timer or a callback", async () => {
  await quietly(log, async () => {
    await sleep(1);
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        console.error(databaseError());
        resolve();
      }, 1);
    });
  });
  expect(lines).toEqual(["api: PostgresError 23514"]);
});

test("a log that prints to the console does print", () => {
  quietly(
    (line) => console.log(line),
    () => console.error(databaseError()),
  );
  expect(printed[0]).toHaveBeenCalledExactlyOnceWith("api: PostgresError 23514");
});

test("outside of it the console prints as ever, also while a quiet call is going on", async () => {
  const quiet = quietly(log, () => sleep(5));
  console.info("a line of the demo");
  await quiet;
  expect(printed[1]).toHaveBeenCalledWith("a line of the demo");
});
