import { SessionError } from "./errors.ts";

const MAX_CHARACTERS = 128;
/** What a file system allows for one name. */
const MAX_ESCAPED_BYTES = 255;

export type NameKind = "tenant" | "session" | "file";

/**
 * A name as one segment of a path: injective, and safe in a bucket and on disk. What is not a lower-case letter,
 * a digit or one of `-_.@+` becomes `=` and the hexadecimal of its UTF-8 bytes. Capitals too: «Acme» and «acme»
 * are two tenants, and one folder on many disks.
 * @throws SessionError with code `name`
 */
export function escapeName(kind: NameKind, name: string): string {
  checkName(kind, name);
  // A dot in front, or behind another, is a path to some: Storage refuses «..» anywhere.
  const escaped = name.replaceAll(/[^a-z0-9_@+.-]|^\.|(?<=\.)\./gu, escapeCharacter);
  if (escaped.length > MAX_ESCAPED_BYTES) {
    throw new SessionError("name", `${kind}: is too long once escaped (${escaped.length} of 255).`);
  }
  return escaped;
}

/** The name behind an escaped one; null where it is none of ours. */
export function unescapeName(escaped: string): string | null {
  if (!/^(?:[a-z0-9_@+.-]|=[0-9A-F]{2})+$/.test(escaped)) return null;
  try {
    return decodeURIComponent(escaped.replace(/=/g, "%"));
  } catch {
    return null;
  }
}

function escapeCharacter(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}

function checkName(kind: NameKind, name: string): void {
  const refuse = (problem: string): never => {
    throw new SessionError("name", `${kind}: ${problem}.`);
  };
  if (typeof name !== "string" || name === "") refuse("is empty; give the name of one");
  if (name.length > MAX_CHARACTERS) refuse(`has more than ${MAX_CHARACTERS} characters`);
  if (!name.isWellFormed()) refuse("is not well-formed Unicode");
  if (/\p{Cc}/u.test(name)) refuse("has control characters");
  if (kind === "file") return;
  // A file's slash is escaped (Baileys' ids have some). In a tenant it is a mistake, or somebody who tries.
  if (/[/\\]/.test(name)) refuse("has a slash; a tenant or session is one name, not a path");
  if (name === "." || name === "..") refuse("is a path, not a name");
}

/** Where a session's objects lie. */
export function sessionFolder(tenant: string, session: string): string {
  return `${escapeName("tenant", tenant)}/${escapeName("session", session)}`;
}

/** How a session's objects are named, so that they sort by the opening that wrote them, then by number. */
export function numbered(epoch: number, seq: number): string {
  return `${String(epoch).padStart(8, "0")}-${String(seq).padStart(12, "0")}`;
}
