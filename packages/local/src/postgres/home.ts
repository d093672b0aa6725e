import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Where a root user's state goes when its checkout lies in a folder that no other user may enter. */
const SHARED_STATE_DIR = "/var/lib/wabase";

/**
 * The git-ignored folder that holds a checkout's local stacks: databases, keys, stored objects.
 *
 * Postgres refuses to run as root, so under root its process has a user of its own, who must be able
 * to walk to the data. Where the checkout is closed to others (`/root/…`, `mktemp -d`) the state lies
 * in /var/lib/wabase instead, in a folder named after the checkout.
 */
export function resolveHome(root: string): string {
  const checkout = resolve(root);
  const home =
    !isRoot() || isOpenToOthers(checkout)
      ? join(checkout, ".wabase")
      : join(SHARED_STATE_DIR, `${basename(checkout)}-${shortHash(checkout)}`);
  return makeFolder(home);
}

/** Makes a folder that every user may enter, whatever the umask: Postgres' own user walks through it. */
export function makeFolder(path: string): string {
  const first = mkdirSync(path, { recursive: true });
  openToOthers(path);
  // Those on the way to it that were made as well.
  if (first !== undefined) {
    for (let folder = resolve(path); folder !== first; folder = dirname(folder)) {
      openToOthers(dirname(folder));
    }
  }
  return path;
}

function openToOthers(folder: string): void {
  chmodSync(folder, 0o755);
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function isOpenToOthers(folder: string): boolean {
  const executableByOthers = 0o001;
  for (let path = folder; ; path = dirname(path)) {
    if ((statSync(path).mode & executableByOthers) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}
