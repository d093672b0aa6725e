import { afterAll, expect, test, vi } from "vitest";
import { keepLibsignalQuiet } from "./quiet-console.ts";

const printed: unknown[][] = [];
const spies = (["info", "warn", "error"] as const).map((method) =>
  vi.spyOn(console, method).mockImplementation((...values) => void printed.push(values)),
);
keepLibsignalQuiet();
afterAll(() => {
  for (const spy of spies) spy.mockRestore();
});

test("none of libsignal's messages reaches the console, nor what captures it", () => {
  const entry = { currentRatchet: { rootKey: Buffer.from("secret") } };
  console.info("Closing session:", entry);
  console.info("Opening session:", entry);
  console.info("Removing old closed session:", entry);
  console.warn("Session already closed", entry);
  console.error("Session error:Error: Bad MAC", "stack");
  expect(printed).toEqual([]);
});

test("everybody else's do, however often it is asked for", () => {
  keepLibsignalQuiet();
  console.info("Closing time", 18);
  console.error(new Error("mine"));
  console.warn();
  expect(printed).toEqual([["Closing time", 18], [new Error("mine")], []]);
});
