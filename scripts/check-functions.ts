// Part of `npm run check`: what the Edge Functions must keep to, so that `supabase functions deploy` carries
// all that they need and the hosted runtime takes it. Prints one problem a line, and exits with 1.
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import * as z from "zod";
import { readProjectConfig } from "../packages/local/src/functions/config.ts";

const MAX_INDEX_LINES = 15;
const NEUTRALITY =
  "Web standards only, and Deno only in a function's index.ts: without the types of Node and Deno";

const root = resolve(import.meta.dirname, "..");
const show = (path: string): string => relative(root, path);

interface EdgeFunction {
  name: string;
  folder: string;
  /** Of its deno.json; null where that is not there or not readable. */
  imports: Record<string, string> | null;
}

const versionsSchema = z.record(z.string(), z.string()).default({});
const packageSchema = z.object({
  name: z.string(),
  exports: z.record(z.string(), z.unknown()).default({}),
  dependencies: versionsSchema,
  devDependencies: versionsSchema,
});
type Package = z.infer<typeof packageSchema> & { folder: string };

const functions = readProjectConfig(root).functions.map(({ name, folder }): EdgeFunction => ({
  name,
  folder,
  imports: readImports(join(folder, "deno.json")),
}));
const packages = globSync(["package.json", "packages/*/package.json"], { cwd: root }).map(
  readPackage,
);

const problems = [
  ...functions.flatMap(layoutProblems),
  ...configProblems(),
  ...disagreements(),
  ...functions.flatMap(importProblems),
  ...(await Promise.all([neutralityProblems(), typeProblems()])).flat(),
];
if (problems.length > 0) {
  console.error(`The Edge Functions would not deploy as they should:\n\n${problems.join("\n")}`);
  process.exitCode = 1;
} else {
  console.log(`${functions.length} functions: ${functions.map(({ name }) => name).join(", ")}`);
}

function layoutProblems({ name, folder, imports }: EdgeFunction): string[] {
  const found: string[] = [];
  if (imports === null) {
    found.push(
      `${show(folder)}/deno.json: is missing or not JSON. Each function has its own imports.`,
    );
  }
  if (!existsSync(join(folder, "deno.lock"))) {
    found.push(`${show(folder)}/deno.lock: is missing. Make it: ${lockCommand(name)}`);
  }
  const lines = readFileSync(join(folder, "index.ts"), "utf8").trimEnd().split("\n").length;
  if (lines > MAX_INDEX_LINES) {
    found.push(
      `${show(folder)}/index.ts: has ${lines} lines, ${MAX_INDEX_LINES} are allowed. ` +
        "It only starts the handler: what is in it, no test without Deno reaches.",
    );
  }
  return found;
}

/** Written out for every function: where it is missing, a deploy keeps whatever the project had before. */
function configProblems(): string[] {
  const toml = readFileSync(join(root, "supabase/config.toml"), "utf8");
  const sections = toml.split(/^(?=\[)/m).flatMap((section) => {
    const name = /^\[functions\."?([\w-]+)"?\]/.exec(section)?.[1];
    return name === undefined ? [] : [{ name, section }];
  });
  const missing = functions.filter(
    ({ name }) =>
      !sections.some(
        (other) => other.name === name && /^verify_jwt = (true|false)\b/m.test(other.section),
      ),
  );
  const left = sections.filter(
    ({ name }) => !existsSync(join(root, "supabase/functions", name, "index.ts")),
  );
  return [
    ...missing.map(
      ({ name }) =>
        `supabase/config.toml: [functions.${name}] does not say verify_jwt = true or false`,
    ),
    ...left.map(
      ({ name }) => `supabase/config.toml: [functions.${name}]: there is no such function`,
    ),
  ];
}

/** The same name is the same thing in every function. */
function disagreements(): string[] {
  const targets = new Map<string, { target: string; name: string }>();
  const found: string[] = [];
  for (const { name, imports } of functions) {
    for (const [specifier, target] of Object.entries(imports ?? {})) {
      const first = targets.get(specifier) ?? { target, name };
      targets.set(specifier, first);
      if (first.target !== target) {
        found.push(`${specifier}: is ${first.target} for ${first.name}, but ${target} for ${name}`);
      }
    }
  }
  return found;
}

/** What a function's deno.json gives it is what npm gives the workspace: tests and types speak of the same. */
function importProblems({ folder, imports }: EdgeFunction): string[] {
  const file = show(join(folder, "deno.json"));
  return Object.entries(imports ?? {}).flatMap(([specifier, target]) => {
    const found = target.startsWith("../")
      ? localTargetProblem(specifier, join(folder, target))
      : npmTargetProblem(specifier, target);
    return found === null ? [] : [`${file}: ${specifier}: ${found}`];
  });
}

function npmTargetProblem(specifier: string, target: string): string | null {
  const match = /^npm:((?:@[^/@]+\/)?[^/@]+)@(\d+\.\d+\.\d+[^/]*)(?:\/|$)/.exec(target);
  const [, name, version] = match ?? [];
  if (name === undefined || version === undefined || !specifier.startsWith(name)) {
    return `${target} is neither npm:${specifier}@<exact version> nor a package of this repository`;
  }
  const others = packages.flatMap((item) => {
    const wanted = item.dependencies[name] ?? item.devDependencies[name];
    return wanted === undefined ? [] : [{ wanted, file: show(join(item.folder, "package.json")) }];
  });
  if (others.length === 0)
    return "is in no package.json: the tests of the function cannot import it";
  const other = others.find(({ wanted }) => wanted !== version);
  return other === undefined ? null : `is ${version} here, but ${other.wanted} in ${other.file}`;
}

/** An entry file of a package, as its `exports` name it. A folder would be uploaded whole, tests and fixtures with it. */
function localTargetProblem(specifier: string, target: string): string | null {
  const item = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  const entry = z.string().safeParse(item?.exports[`.${specifier.slice(item.name.length)}`]);
  if (item === undefined || !entry.success) return "is no entry of a package of this repository";
  if (!existsSync(target) || !statSync(target).isFile()) return `${show(target)} is no file`;
  const expected = join(item.folder, entry.data);
  return target === expected ? null : `is ${show(target)} here, but ${show(expected)} for Node`;
}

/** The neutral packages and all that functions import: web standards only, and imports that end in .ts. */
async function neutralityProblems(): Promise<string[]> {
  const project = join(root, "scripts/functions-imports.tsconfig.json");
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", project, "--pretty", "false", "--listFiles"];
  const { output } = await run(process.execPath, args);
  const lines = output.split("\n").filter((line) => line !== "");
  const files = lines.filter((line) => existsSync(line) && !line.includes("/node_modules/"));
  const errors = lines.filter((line) => !existsSync(line));
  if (files.length === 0) errors.push(`${show(project)}: finds no files`);
  const types = errors.length === 0 ? [] : [`${NEUTRALITY}:\n${errors.join("\n")}`];
  return [...types, ...files.flatMap(extensionProblems)];
}

/** Any other file, tsc finds but the CLI leaves behind, and calls the deploy a success all the same. */
function extensionProblems(file: string): string[] {
  const pattern = /\b(?:from|import)\s*\(?\s*["'`](\.{1,2}\/[^"'`]*)["'`]/g;
  return [...readFileSync(file, "utf8").matchAll(pattern)]
    .filter(([, specifier]) => !specifier?.endsWith(".ts"))
    .map(([, specifier]) => `${show(file)}: "${specifier}" does not end in .ts`);
}

/** With --frozen: what runs is what deno.lock says, down to the packages that packages depend on. */
async function typeProblems(): Promise<string[]> {
  const found: string[] = [];
  for (const { name, folder } of functions) {
    const args = [
      "check",
      "--frozen",
      "--config",
      join(folder, "deno.json"),
      join(folder, "index.ts"),
    ];
    const { code, output } = await run(join(root, "node_modules/.bin/deno"), args);
    if (code === 0) continue;
    const hint = output.includes("lockfile")
      ? `\nBring deno.lock up to date: ${lockCommand(name)}`
      : "";
    found.push(`${name}: deno check fails:\n${output.trim()}${hint}`);
  }
  return found;
}

function lockCommand(name: string): string {
  return `(cd supabase/functions/${name} && npx deno check --frozen=false index.ts)`;
}

function readImports(file: string): Record<string, string> | null {
  try {
    return z.looseObject({ imports: versionsSchema }).parse(JSON.parse(readFileSync(file, "utf8")))
      .imports;
  } catch {
    return null;
  }
}

function readPackage(path: string): Package {
  const file = join(root, path);
  const parsed = packageSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return { ...parsed, folder: resolve(file, "..") };
}

function run(file: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      // As hosted: a package.json beside or above a function means nothing.
      env: { ...process.env, NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (output += String(chunk)));
    }
    child.once("error", fail);
    child.once("close", (code) => done({ code: code ?? 1, output }));
  });
}
