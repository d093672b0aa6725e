import { CREDS, entryKey, splitKey } from "../auth-state/entries.ts";

/**
 * The types of Baileys' key store and how an id of each reads in a file name. `useMultiFileAuthState` writes
 * `<type>-<id>.json` with «/» as «__» and «:» as «-», which loses something: only the type tells what was there.
 * A type comes before those that its name begins with.
 */
const TYPES: readonly [type: string, toId: (escaped: string) => string][] = [
  ["app-state-sync-version", same],
  // Base64, which has no underscore.
  ["app-state-sync-key", (escaped) => escaped.replaceAll("__", "/")],
  ["sender-key-memory", same],
  // group::user::device; an old group's own id has one dash.
  ["sender-key", (escaped) => escaped.replaceAll("--", "::")],
  ["identity-key", same],
  ["lid-mapping", same],
  ["device-list", same],
  ["pre-key", same],
  ["session", same],
  ["tctoken", same],
];

const CREDS_FILE = "creds.json";

/** The file that `useMultiFileAuthState` keeps this in. */
export function fileNameOf(key: string): string {
  if (key === CREDS) return CREDS_FILE;
  const [type, id] = splitKey(key);
  return `${`${type}-${id}`.replaceAll("/", "__").replaceAll(":", "-")}.json`;
}

/** What a file of `useMultiFileAuthState` holds; null: none that Baileys 6 or 7 writes. */
export function keyOfFile(name: string): string | null {
  if (name === CREDS_FILE) return CREDS;
  if (!name.endsWith(".json")) return null;
  const stem = name.slice(0, -".json".length);
  for (const [type, toId] of TYPES) {
    if (!stem.startsWith(`${type}-`) || stem.length === type.length + 1) continue;
    const key = entryKey(type, toId(stem.slice(type.length + 1)));
    return fileNameOf(key) === name ? key : null;
  }
  return null;
}

function same(escaped: string): string {
  return escaped;
}
