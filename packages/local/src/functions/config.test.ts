import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readProjectConfig } from "./config.ts";
import { makeProject, type TestProject } from "./test-project.ts";

function make(files: Record<string, string>, config: string): TestProject {
  const project = makeProject(files, config);
  onTestFinished(() => project.remove());
  return project;
}

test("an empty config.toml has the platform's defaults", () => {
  const { workdir, folder } = make({ "hello/index.ts": "" }, "");
  expect(readProjectConfig(workdir)).toEqual({
    max_rows: 1000,
    search_path: '"public", "public", "extensions"',
    functions: [{ name: "hello", folder: join(folder, "hello"), verify_jwt: true }],
  });
});

test("what config.toml says holds, and what this stack has no use for is passed over", () => {
  const { workdir } = make(
    { "open/index.ts": "", "guarded/index.ts": "", "switched-off/index.ts": "" },
    `
      project_id = "x"
      [api]
      port = 1
      max_rows = 50
      extra_search_path = ["extensions", "other"]
      [functions.open]
      verify_jwt = false
      import_map = "./x.json"
      [functions.guarded]
      verify_jwt = true
      [functions.switched-off]
      enabled = false
      [functions.not-there]
      verify_jwt = false
    `,
  );
  const config = readProjectConfig(workdir);
  expect(config).toMatchObject({ max_rows: 50, search_path: '"public", "extensions", "other"' });
  expect(config.functions.map(({ name, verify_jwt }) => [name, verify_jwt])).toEqual([
    ["guarded", true],
    ["open", false],
  ]);
});

test("functions are folders with an index.ts; what begins with _ or . is shared or hidden", () => {
  const { workdir } = make(
    {
      "hello/index.ts": "",
      "_shared/index.ts": "",
      ".hidden/index.ts": "",
      "tests/hello-test.ts": "",
      "deno.json": "{}",
    },
    "",
  );
  expect(readProjectConfig(workdir).functions.map(({ name }) => name)).toEqual(["hello"]);
});

test("a project without functions has none; one without config.toml is no project", () => {
  const { workdir, folder } = make({}, "");
  rmSync(folder, { recursive: true });
  expect(readProjectConfig(workdir).functions).toEqual([]);
  rmSync(join(workdir, "supabase", "config.toml"));
  expect(() => readProjectConfig(workdir)).toThrow("config.toml");
});

test.each([
  ["verify_jwt that is no boolean", '[functions.hello]\nverify_jwt = "no"'],
  ["max_rows that is no number", '[api]\nmax_rows = "many"'],
  ["TOML that is none", "[api"],
])("%s is refused rather than taken for the default", (_, config) => {
  const { workdir } = make({ "hello/index.ts": "" }, config);
  expect(() => readProjectConfig(workdir)).toThrow(/verify_jwt|max_rows|TOML/);
});
