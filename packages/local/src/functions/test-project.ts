import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readProjectConfig } from "./config.ts";
import { type Functions, type FunctionsOptions, startFunctions } from "./functions.ts";

/** A folder with `supabase/config.toml` and functions, for tests of those alone. */
export interface TestProject {
  workdir: string;
  /** The folder of its functions. */
  folder: string;
  /** Writes a file of `supabase/functions/`. */
  write(path: string, text: string): void;
  remove(): void;
}

export function makeProject(files: Record<string, string>, config = ""): TestProject {
  const workdir = mkdtempSync(join(tmpdir(), "wabase-functions-"));
  const folder = join(workdir, "supabase", "functions");
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(workdir, "supabase", "config.toml"), config);
  for (const [path, text] of Object.entries(files)) write(path, text);
  return { workdir, folder, write, remove: () => rmSync(workdir, { recursive: true }) };
}

export interface TestServer {
  functions: Functions;
  /** What the functions printed. */
  lines: string[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
  port: number;
  stop(): Promise<void>;
}

export const TEST_JWT_SECRET = "a secret of the tests' own";

/** The project's functions on a port of their own, without a database. */
export async function serveFunctions(
  project: TestProject,
  options: Partial<FunctionsOptions> = {},
): Promise<TestServer> {
  const lines: string[] = [];
  const functions = await startFunctions({
    functions: readProjectConfig(project.workdir).functions,
    env: {},
    jwt_secret: TEST_JWT_SECRET,
    watch: false,
    log: (line) => void lines.push(line),
    ...options,
  });
  const server = createServer((request, response) => {
    functions.handle(request, response).catch((error) => {
      lines.push(`handle: ${String(error)}`);
      response.destroy();
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    functions,
    lines,
    port,
    fetch: (path, init) => fetch(`http://127.0.0.1:${port}/functions/v1${path}`, init),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await functions.stop();
    },
  };
}
