import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import * as z from "zod";
import { SessionError } from "../errors.ts";
import type { KeyRing } from "./key-ring.ts";

/**
 * What lies in the bucket and in the log:
 *
 *   "WSB1" | length of the header (4 bytes) | header (JSON) | AES-256-GCM(deflate(lines)) | tag (16 bytes)
 *
 * The key is HKDF-SHA256(master key, tenant and session); everything before the ciphertext is its additional
 * data, so that an envelope can be moved to no other session, place in the log or kind.
 */
const MAGIC = Buffer.from("WSB1");
const TAG_BYTES = 16;
const IV_BYTES = 12;

const headerSchema = z.object({
  kind: z.enum(["snapshot", "record", "backup"]),
  tenant: z.string(),
  session: z.string(),
  epoch: z.int().nonnegative(),
  /** The record's number; of a snapshot: the last record that it holds. */
  seq: z.int().nonnegative(),
  /** SHA-256 of the record before; of a snapshot: of the last record that it holds; in a backup: of the part before. */
  prev: z.string(),
  key_id: z.string(),
  iv: z.base64(),
  lines: z.int().nonnegative(),
});

export type EnvelopeHeader = z.infer<typeof headerSchema>;
export type EnvelopePlace = Omit<EnvelopeHeader, "key_id" | "iv" | "lines">;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export async function sealEnvelope(
  place: EnvelopePlace,
  lines: readonly string[],
  ring: KeyRing,
): Promise<Uint8Array> {
  const iv = randomBytes(IV_BYTES);
  const header: EnvelopeHeader = {
    ...place,
    key_id: ring.current,
    iv: iv.toString("base64"),
    lines: lines.length,
  };
  const head = encodeHead(header);
  const body = await deflate(Buffer.from(lines.join("\n")));
  const cipher = createCipheriv("aes-256-gcm", sessionKey(ring, header), iv);
  cipher.setAAD(head);
  return Buffer.concat([head, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
}

/** @throws SessionError with code `tampered` or `unknown_key` */
export async function openEnvelope(
  bytes: Uint8Array,
  ring: KeyRing,
  expected: Partial<EnvelopePlace>,
): Promise<{ header: EnvelopeHeader; lines: string[] }> {
  const { header, head, rest } = readHead(bytes);
  const what = describe(header);
  for (const [field, value] of Object.entries(expected)) {
    const found = Object.entries(header).find(([name]) => name === field)?.[1];
    if (found !== value) {
      throw new SessionError("tampered", `${what} has ${field} «${found}», not «${value}».`);
    }
  }
  const key = sessionKey(ring, header);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(header.iv, "base64"));
    decipher.setAAD(head);
    decipher.setAuthTag(rest.subarray(-TAG_BYTES));
    const body = Buffer.concat([decipher.update(rest.subarray(0, -TAG_BYTES)), decipher.final()]);
    const text = (await inflate(body)).toString();
    const lines = text === "" ? [] : text.split("\n");
    if (lines.length === header.lines) return { header, lines };
  } catch (cause) {
    const hint = `Is the key «${header.key_id}» the one that it was written with?`;
    throw new SessionError("tampered", `${what} cannot be decrypted. ${hint}`, { cause });
  }
  throw new SessionError("tampered", `${what} has lost lines.`);
}

/** The header alone, not verified. @throws SessionError with code `tampered` */
export function readHead(bytes: Uint8Array): {
  header: EnvelopeHeader;
  head: Buffer;
  rest: Buffer;
} {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const broken = (cause?: unknown): SessionError =>
    new SessionError("tampered", "This is no part of a session: its header cannot be read.", {
      cause,
    });
  const start = MAGIC.length + 4;
  if (buffer.length < start || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) throw broken();
  const end = start + buffer.readUInt32BE(MAGIC.length);
  if (buffer.length < end + TAG_BYTES) throw broken();
  try {
    const header = headerSchema.parse(JSON.parse(buffer.subarray(start, end).toString()));
    return { header, head: buffer.subarray(0, end), rest: buffer.subarray(end) };
  } catch (cause) {
    throw broken(cause);
  }
}

function encodeHead(header: EnvelopeHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([MAGIC, length, json]);
}

function sessionKey(ring: KeyRing, header: EnvelopeHeader): Uint8Array {
  const master = ring.keys.get(header.key_id);
  if (master === undefined) {
    const fix = `Add «${header.key_id}» to SESSION_ENCRYPTION_KEYS, behind the current key.`;
    const problem = `${describe(header)} was encrypted with a key that is not here`;
    throw new SessionError("unknown_key", `${problem}. ${fix}`);
  }
  // JSON keeps the two names apart, whatever is in them.
  const info = JSON.stringify(["wabase-session-1", header.tenant, header.session]);
  return new Uint8Array(hkdfSync("sha256", master, new Uint8Array(), info, 32));
}

function describe({ kind, seq, tenant, session }: EnvelopeHeader): string {
  return `The ${kind} ${seq} of session ${tenant}/${session}`;
}
