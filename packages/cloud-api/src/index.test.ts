import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { GRAPH_API_VERSION, MAX_BODY_DEPTH, MAX_WEBHOOK_BYTES } from "./index.ts";

test("the limits are what the documentation says", () => {
  expect(GRAPH_API_VERSION).toBe("v26.0");
  expect(MAX_WEBHOOK_BYTES).toBe(3_145_728);
  expect(MAX_BODY_DEPTH).toBe(200);
});

const folder = fileURLToPath(new URL(".", import.meta.url));
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
);

test.each(sources)("%s runs in Deno and Workers: web standards, zod, imports with .ts", (name) => {
  const text = readFileSync(join(folder, name), "utf8");
  for (const [, from] of text.matchAll(/from "([^"]+)"/g)) {
    expect(from).toMatch(/^zod$|^\.{1,2}\/.+\.ts$/);
  }
  expect(text).not.toMatch(/\b(Buffer|process|Deno)\./);
});
