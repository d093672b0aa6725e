import { SessionError } from "../errors.ts";

/** The master keys: the first encrypts, all of them decrypt. */
export interface KeyRing {
  readonly current: string;
  /** 32 bytes each, by key id. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

const KEY_BYTES = 32;
const HOW = 'Make one with: echo "$(date +%Y-%m):$(openssl rand -base64 32)"';

/**
 * Reads `id:base64,id:base64,…`. The first is used to encrypt. To rotate, without stopping anything: append the
 * new key on every server; then move it to the front; then drop the old one once `whatsapp_session_list()`
 * shows it in no session's `key_ids`.
 * @throws SessionError with code `configuration`
 */
export function parseKeyRing(
  text: string | undefined,
  variable = "SESSION_ENCRYPTION_KEYS",
): KeyRing {
  const parts = (text ?? "").split(",").map((part) => part.trim());
  const entries = parts.filter((part) => part !== "").map((part) => parseKey(part, variable));
  return createKeyRing(entries, variable);
}

/** @throws SessionError with code `configuration` */
export function createKeyRing(
  entries: readonly (readonly [id: string, key: Uint8Array])[],
  variable = "keys",
): KeyRing {
  const [first] = entries;
  if (first === undefined) {
    throw new SessionError("configuration", `${variable}: is missing. ${HOW}`);
  }
  for (const [id, key] of entries) checkKey(id, key, variable);
  const keys = new Map(entries);
  if (keys.size !== entries.length) {
    throw new SessionError(
      "configuration",
      `${variable}: a key id comes twice. Each key has its own.`,
    );
  }
  return { current: first[0], keys };
}

function parseKey(part: string, variable: string): [string, Uint8Array] {
  const colon = part.indexOf(":");
  if (colon < 1) {
    throw new SessionError("configuration", `${variable}: a key is written id:base64. ${HOW}`);
  }
  return [part.slice(0, colon), new Uint8Array(Buffer.from(part.slice(colon + 1), "base64"))];
}

function checkKey(id: string, key: Uint8Array, variable: string): void {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) {
    throw new SessionError(
      "configuration",
      `${variable}: a key id has 1 to 64 of A-Z a-z 0-9 . _ -`,
    );
  }
  if (key.length !== KEY_BYTES) {
    const problem = `key «${id}» has ${key.length} bytes, not ${KEY_BYTES}`;
    throw new SessionError("configuration", `${variable}: ${problem}. ${HOW}`);
  }
  if (new Set(key).size < 8) {
    throw new SessionError("configuration", `${variable}: key «${id}» is not random. ${HOW}`);
  }
}
