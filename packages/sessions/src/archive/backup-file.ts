import { randomBytes, scrypt } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { applyLine, type Entries, writeLine } from "../auth-state/entries.ts";
import { openEnvelope, sealEnvelope, sha256 } from "../crypto/envelope.ts";
import { createKeyRing, type KeyRing } from "../crypto/key-ring.ts";
import { SessionError } from "../errors.ts";
import { ArchiveError } from "./archive-error.ts";
import type { Place } from "./write-session.ts";

/**
 * A backup:
 *
 *   "WSBACKUP" | part (header, JSON) | part (envelope of a session) … | part (envelope of the end)
 *
 * each part behind its length (4 bytes). An envelope is as in the bucket, AES-256-GCM bound to its session; its
 * `prev` is the hash of the part before, and the last one's `seq` their number: none can be left out or moved.
 */
const MAGIC = Buffer.from("WSBACKUP");
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 };
const PASSPHRASE_ID = "passphrase";
const MIN_PASSPHRASE = 12;

const headerSchema = z.object({
  version: z.literal(1),
  taken_at: z.iso.datetime(),
  /** Of the passphrase; null: it is encrypted with the key ring. */
  salt: z.base64().nullable(),
});

const sessionSchema = z.object({
  hash: z.string(),
  taken_at: z.iso.datetime(),
  is_clean: z.boolean(),
});

export interface ArchivedSession extends Place {
  epoch: number;
  seq: number;
  /** Of the log's last record then. */
  hash: string;
  taken_at: string;
  is_clean: boolean;
  entries: Entries;
}

/** `passphrase`: instead of the ring, so that a backup can be read where the ring is lost. */
export interface BackupKeys {
  ring: KeyRing;
  passphrase?: string | undefined;
}

/**
 * Writes a backup beside its place and moves it there whole.
 * @throws ArchiveError with code `exists`
 */
export async function writeBackup(
  path: string,
  sessions: AsyncIterable<ArchivedSession>,
  keys: BackupKeys,
): Promise<{ sessions: number; bytes: number }> {
  const aside = join(dirname(path), `.${randomBytes(6).toString("hex")}.partial`);
  const file = await open(aside, "wx", 0o600);
  try {
    const salt = keys.passphrase === undefined ? null : randomBytes(16).toString("base64");
    const header = { version: 1, taken_at: new Date().toISOString(), salt } as const;
    const ring = await ringOf(keys, header);
    const counts = { sessions: 0, bytes: MAGIC.length };
    await file.writeFile(MAGIC);
    let prev = "";
    const add = async (part: Uint8Array): Promise<void> => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      await file.writeFile(Buffer.concat([length, part]));
      prev = sha256(part);
      counts.bytes += 4 + part.length;
    };
    await add(Buffer.from(JSON.stringify(header)));
    for await (const { tenant, session, epoch, seq, entries, ...rest } of sessions) {
      const place = { kind: "backup", tenant, session, epoch, seq, prev } as const;
      const lines = Array.from(entries, ([key, value]) => writeLine(key, value));
      await add(await sealEnvelope(place, [JSON.stringify(rest), ...lines], ring));
      counts.sessions += 1;
    }
    await add(await sealEnvelope({ ...END, seq: counts.sessions, prev }, [], ring));
    await file.sync();
    await file.close();
    await rename(aside, path);
    return counts;
  } finally {
    await file.close().catch(() => {});
    await rm(aside, { force: true });
  }
}

const END = { kind: "backup", tenant: "", session: "", epoch: 0 } as const;

/**
 * The sessions of a backup, one after the other; only the end tells that it is whole.
 * @throws ArchiveError with code `broken_backup`; SessionError with code `unknown_key`, `tampered` or `configuration`
 */
export async function* readBackup(path: string, keys: BackupKeys): AsyncGenerator<ArchivedSession> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const magic = await readExactly(file, 0, Math.min(MAGIC.length, size));
    if (!MAGIC.equals(magic)) throw broken(path, "it does not begin as one");
    let offset = MAGIC.length;
    const next = async (): Promise<Buffer> => {
      const length = offset + 4 > size ? -1 : (await readExactly(file, offset, 4)).readUInt32BE();
      if (length < 0 || offset + 4 + length > size) throw broken(path, "its end is missing");
      const part = await readExactly(file, offset + 4, length);
      offset += 4 + length;
      return part;
    };
    const head = await next();
    const ring = await ringOf(keys, readHeader(path, head));
    let prev = sha256(head);
    for (let count = 0; ; count += 1) {
      const part = await next();
      const { header, lines } = await openEnvelope(part, ring, { kind: "backup", prev });
      prev = sha256(part);
      if (header.tenant === END.tenant && header.session === END.session) {
        if (header.seq !== count || offset !== size) throw broken(path, "it is not whole");
        return;
      }
      const { tenant, session, epoch, seq } = header;
      const [first = "", ...rest] = lines;
      const entries: Entries = new Map();
      for (const line of rest) applyLine(line, entries);
      yield { tenant, session, epoch, seq, ...sessionSchema.parse(JSON.parse(first)), entries };
    }
  } finally {
    await file.close();
  }
}

function readHeader(path: string, part: Buffer): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(part.toString()));
  } catch (cause) {
    throw broken(path, "its header cannot be read; is it of a newer version?", cause);
  }
}

async function ringOf(
  { ring, passphrase }: BackupKeys,
  { salt }: z.infer<typeof headerSchema>,
): Promise<KeyRing> {
  if (salt === null) return ring;
  if (passphrase === undefined || passphrase.length < MIN_PASSPHRASE) {
    const problem = `passphrase: ${passphrase === undefined ? "is missing" : "is too short"}`;
    const fix = `Set SESSION_BACKUP_PASSPHRASE to the backup's, ${MIN_PASSPHRASE} characters or more.`;
    throw new SessionError("configuration", `${problem}. ${fix}`);
  }
  const maxmem = 256 * SCRYPT.N * SCRYPT.r;
  const key = await new Promise<Uint8Array>((resolve, reject) => {
    const text = passphrase.normalize("NFKC");
    scrypt(text, Buffer.from(salt, "base64"), 32, { ...SCRYPT, maxmem }, (error, derived) => {
      if (error === null) resolve(new Uint8Array(derived));
      else reject(error);
    });
  });
  return createKeyRing([[PASSPHRASE_ID, key]]);
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw new Error("the file ended while it was read");
    done += bytesRead;
  }
  return buffer;
}

function broken(path: string, why: string, cause?: unknown): ArchiveError {
  return new ArchiveError("broken_backup", `${path}: is no whole backup: ${why}.`, cause);
}
