import { realpathSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { findLocalModules, watchSources } from "./source-files.ts";
import { makeProject, type TestProject } from "./test-project.ts";

let project: TestProject;

function make(files: Record<string, string>): string {
  project = makeProject(files);
  return join(realpathSync(project.folder), "hello");
}

beforeEach(() => {
  onTestFinished(() => project.remove());
});

test("a function's files are what it imports, in every way of writing it, from the disk alone", () => {
  const folder = make({
    "hello/deno.json": JSON.stringify({
      imports: {
        zod: "npm:zod@4",
        "@shared/": "../_shared/",
        "@shared/special": "../special/index.ts",
        remote: "https://x.test/mod.ts",
      },
    }),
    "hello/index.ts": `
      import "./side-effect.ts";
      import one, { type Two } from "./one.ts";
      import type { Three } from '../_shared/three.ts';
      import {
        four,
      } from "@shared/four.ts";
      import { special } from "@shared/special";
      export * from "./five.ts";
      const six = await import("./six.ts");
      import data from "./data.json" with { type: "json" };
      import { z } from "zod";
      import "remote";
      import "node:fs";
      import "jsr:@std/assert";`,
    "hello/one.ts": 'export { default } from "./one-deeper.ts";',
    "hello/one-deeper.ts": 'import "./one.ts"; export default 1;',
    "hello/not-part.ts": "",
  });
  const found = findLocalModules(folder).map((file) => relative(project.folder, file));
  expect(found.toSorted()).toEqual([
    "_shared/four.ts",
    "_shared/three.ts",
    "hello/data.json",
    "hello/deno.json",
    "hello/five.ts",
    "hello/index.ts",
    "hello/one-deeper.ts",
    "hello/one.ts",
    "hello/side-effect.ts",
    "hello/six.ts",
    "special/index.ts",
  ]);
});

test("a change is told once: of a file, of one that came, of one that went", () => {
  const folder = make({ "hello/index.ts": 'import "./later.ts";' });
  const sources = watchSources(folder);
  expect(sources.hasChanged()).toBe(false);
  const told = (): boolean[] => [sources.hasChanged(), sources.hasChanged()];
  project.write("hello/index.ts", 'import "./later.ts"; // changed');
  expect(told()).toEqual([true, false]);
  project.write("hello/later.ts", 'import "./even-later.ts";');
  expect(told()).toEqual([true, false]);
  project.write("hello/even-later.ts", "");
  expect(told()).toEqual([true, false]);
  rmSync(join(folder, "later.ts"));
  expect(told()).toEqual([true, false]);
  project.write("hello/not-part.ts", "");
  expect(told()).toEqual([false, false]);
});

test("a deno.json that is half written counts as one without imports", () => {
  const folder = make({
    "hello/index.ts": 'import "@x/a.ts";',
    "hello/deno.json": '{ "imports": ',
  });
  expect(findLocalModules(folder)).toHaveLength(2);
  const sources = watchSources(folder);
  project.write("hello/deno.json", '{ "imports": { "@x/": "./x/" } }');
  expect(sources.hasChanged()).toBe(true);
  project.write("hello/x/a.ts", "");
  expect(sources.hasChanged()).toBe(true);
});
