import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";

export interface FunctionConfig {
  name: string;
  folder: string;
  verify_jwt: boolean;
}

export interface ProjectConfig {
  functions: FunctionConfig[];
  /** PostgREST's `max_rows`: selects are cut there, silently, as on hosted. */
  max_rows: number;
  /** What a request through the API finds without a schema's name, `extensions` for one. */
  search_path: string;
}

const configSchema = z.object({
  api: z
    .object({
      max_rows: z.number().default(1000),
      extra_search_path: z.array(z.string()).default(["public", "extensions"]),
    })
    .prefault({}),
  functions: z
    .record(
      z.string(),
      // The platform's own defaults where config.toml does not say.
      z.object({ enabled: z.boolean().default(true), verify_jwt: z.boolean().default(true) }),
    )
    .default({}),
});

/** Reads supabase/config.toml and finds the functions beside it: folders with an index.ts. */
export function readProjectConfig(workdir: string): ProjectConfig {
  const file = join(workdir, "supabase", "config.toml");
  const config = configSchema.parse(parse(readFileSync(file, "utf8")));
  const root = join(workdir, "supabase", "functions");
  const names = existsSync(root)
    ? readdirSync(root).filter(
        (name) => !/^[_.]/.test(name) && existsSync(join(root, name, "index.ts")),
      )
    : [];
  return {
    max_rows: config.api.max_rows,
    search_path: ["public", ...config.api.extra_search_path].map((name) => `"${name}"`).join(", "),
    functions: names
      .filter((name) => config.functions[name]?.enabled ?? true)
      .map((name) => ({
        name,
        folder: join(root, name),
        verify_jwt: config.functions[name]?.verify_jwt ?? true,
      })),
  };
}
