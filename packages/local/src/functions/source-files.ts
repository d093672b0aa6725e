import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as z from "zod";

/** What tells whether a function's source is still the one that runs. */
export interface SourceWatch {
  /** True when a file has changed, come or gone since the last call. */
  hasChanged(): boolean;
}

/**
 * Looks at the files of a function when a request asks for it, rather than waiting to be told: what was
 * saved before the request was sent is then never missed. Costs one `stat` a file.
 *
 * @param folder the function's, with its index.ts and deno.json
 */
export function watchSources(folder: string): SourceWatch {
  let files = findLocalModules(folder);
  let state = stateOf(files);
  return {
    hasChanged: () => {
      if (stateOf(files) === state) return false;
      files = findLocalModules(folder);
      state = stateOf(files);
      return true;
    },
  };
}

/**
 * The files on this disk that a function consists of: its deno.json, its index.ts, and what they import
 * from there on. Found as `supabase functions deploy` finds them: by a regular expression.
 */
export function findLocalModules(folder: string): string[] {
  const config = join(folder, "deno.json");
  const aliases = readAliases(config);
  const files = new Set([config, join(folder, "index.ts")]);
  // A set hands out what is added while it is walked.
  for (const file of files) {
    if (file === config || !existsSync(file)) continue;
    for (const specifier of findSpecifiers(readFileSync(file, "utf8"))) {
      const path = resolveSpecifier(specifier, file, aliases);
      if (path !== null) files.add(path);
    }
  }
  return [...files];
}

const IMPORT = /\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g;

function findSpecifiers(source: string): string[] {
  return [...source.matchAll(IMPORT)].flatMap(([, specifier]) => specifier ?? []);
}

interface Alias {
  name: string;
  target: string;
}

function resolveSpecifier(specifier: string, file: string, aliases: Alias[]): string | null {
  if (/^\.{0,2}\//.test(specifier)) return resolve(dirname(file), specifier);
  const alias = aliases.find(({ name }) =>
    name.endsWith("/") ? specifier.startsWith(name) : specifier === name,
  );
  return alias === undefined ? null : join(alias.target, specifier.slice(alias.name.length));
}

const configSchema = z.looseObject({ imports: z.record(z.string(), z.string()).default({}) });

/** The entries of the import map that lie on this disk; the longest name first, which is the one that counts. */
function readAliases(config: string): Alias[] {
  if (!existsSync(config)) return [];
  const parsed = configSchema.safeParse(parseJson(readFileSync(config, "utf8")));
  if (!parsed.success) return [];
  return Object.entries(parsed.data.imports)
    .filter(([, target]) => /^\.{0,2}\//.test(target))
    .map(([name, target]) => ({ name, target: resolve(dirname(config), target) }))
    .toSorted((a, b) => b.name.length - a.name.length);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function stateOf(files: string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? "-" : `${stat.mtimeNs}/${stat.size}/${stat.ino}`;
    })
    .join(" ");
}
