import { SessionError } from "../errors.ts";

/**
 * What a session consists of: values of Baileys' key store by type and id, and the creds, all as JSON text. Keys
 * and creds share one map and one log, so that a counter in the creds and the pre-keys that it counts are
 * written together or not at all.
 */
export type Entries = Map<string, string>;
/** null: removed. */
export type Changes = Map<string, string | null>;

export const CREDS = entryKey("creds", "");

/** Neither Baileys' types nor its ids hold a NUL. */
export function entryKey(type: string, id: string): string {
  return `${type}\0${id}`;
}

export function splitKey(key: string): [type: string, id: string] {
  const cut = key.indexOf("\0");
  return [key.slice(0, cut), key.slice(cut + 1)];
}

/** One line of a snapshot or record: type and id, a tab, the value; without the value: removed. JSON has no raw tabs. */
export function writeLine(key: string, value: string | null): string {
  const name = JSON.stringify(splitKey(key));
  return value === null ? name : `${name}\t${value}`;
}

/** A line that says something of the record itself: that it moves the sending chains ahead. */
export const SKIP_LINE = "#skip-ahead";

export function applyLine(line: string, entries: Entries): void {
  if (line.startsWith("#")) return;
  const tab = line.indexOf("\t");
  const name: unknown = JSON.parse(tab === -1 ? line : line.slice(0, tab));
  if (!Array.isArray(name) || typeof name[0] !== "string" || typeof name[1] !== "string") {
    throw new SessionError("tampered", "A line of the session is none that was ever written.");
  }
  const key = entryKey(name[0], name[1]);
  if (tab === -1) entries.delete(key);
  else entries.set(key, line.slice(tab + 1));
}
