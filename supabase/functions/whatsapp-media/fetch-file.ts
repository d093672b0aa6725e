import {
  GraphApiError,
  type GraphClient,
  MediaRefusedError,
  NetworkError,
  UnreadableResponseError,
} from "@wabase/cloud-api";
import { baseMimeType } from "@wabase/cloud-api/outbound";
import type { Client } from "../_shared/clients.ts";
import { ConfigurationError } from "../_shared/environment.ts";
import type { GraphOf } from "../_shared/graph.ts";
import {
  type FetchJob,
  MEDIA_BUCKET,
  type MediaError,
  type MediaOutcome,
} from "../_shared/media/media-jobs.ts";
import { mediaError } from "../_shared/media/upload-file.ts";
import { storedMimeType } from "./mime-types.ts";

/** A SHA-256 that is fed piece by piece, which Web Crypto has not: the index gives that of the runtime. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(encoding: "hex"): string;
}

export interface FetchTools {
  service: Client;
  graphOf: GraphOf;
  createHash: () => Hash;
}

/** Meta: documents of up to 100 MB; all else is smaller. Also the bucket's limit. */
const MAX_BYTES = 100 * 1024 * 1024;
/** What is not the file that was announced is asked for so often; what cannot be reached, until Meta deletes it. */
const MAX_WRONG_FILES = 5;
/** A file's name is its hash: what is at a path stays as it is. */
const CACHE_SECONDS = 31_536_000;

/** What came is not what was announced. */
class WrongFileError extends Error {
  override readonly name = "WrongFileError";
  readonly code: string;
  /** It will be as wrong the next time. */
  readonly is_final: boolean;

  constructor(code: string, message: string, is_final = false) {
    super(message);
    this.code = code;
    this.is_final = is_final;
  }
}

/** Meta's side ended the connection before the file's end. */
class BrokenOffError extends Error {
  override readonly name = "BrokenOffError";
  readonly code = "broken_off";

  constructor() {
    super("The download broke off.");
  }
}

/** Storage did not take it, or did not answer. */
class StorageFailure extends Error {
  override readonly name = "StorageFailure";
  readonly code = "storage";
}

/**
 * Fetches a file from Meta and stores it under its hash. The bytes stream through and are checked on the way: a file
 * that is not the one announced breaks the upload off before its end, so that it is never there. Never throws.
 */
export async function fetchFile(job: FetchJob, tools: FetchTools): Promise<MediaOutcome> {
  const { id, lease_id } = job;
  try {
    const graph = await tools.graphOf(tools.service, job);
    const file = await locate(job, graph);
    const { body } = await graph.media.download({
      url: file.url,
      max_bytes: MAX_BYTES,
      mime_types: [baseMimeType(file.mime_type)],
    });
    const storage_path = `${job.tenant_id}/${file.sha256}`;
    const size = await store(body, { ...file, storage_path }, tools);
    const { mime_type, sha256 } = file;
    return { id, lease_id, action: "stored", storage_path, mime_type, sha256, size };
  } catch (error) {
    return {
      id,
      lease_id,
      action: isFinal(error, job) ? "never" : "retry",
      error: describe(error),
    };
  }
}

interface LocatedFile {
  url: string;
  mime_type: string;
  sha256: string;
  size: number | null;
}

/** Anew for each attempt: the address lives for five minutes, and the webhook's may be days old. */
async function locate(job: FetchJob, graph: GraphClient): Promise<LocatedFile> {
  const { media_id, phone_number_id, media_kind } = job;
  const found = await graph.media.find({ media_id, phone_number_id });
  const told = toHex(found.sha256);
  const sha256 = job.sha256 ?? told;
  if (sha256 === null)
    throw new WrongFileError("no_hash", "Meta gives no hash of this file.", true);
  if (told !== null && told !== sha256) {
    throw new WrongFileError("wrong_hash", "Meta has another file under this id.");
  }
  if ((found.file_size ?? 0) > MAX_BYTES) {
    throw new WrongFileError("too_large", `The file is larger than ${MAX_BYTES} bytes.`, true);
  }
  const mime_type = found.mime_type ?? job.mime_type ?? "application/octet-stream";
  if (storedMimeType(media_kind, mime_type) === null) {
    const problem = `A file of type ${baseMimeType(mime_type)} is no ${media_kind}.`;
    throw new WrongFileError("wrong_type", problem, true);
  }
  return { url: found.url, mime_type, sha256, size: found.file_size };
}

interface Target extends LocatedFile {
  storage_path: string;
}

/** How many bytes were stored. */
async function store(
  body: ReadableStream<Uint8Array>,
  target: Target,
  { service, createHash }: FetchTools,
): Promise<number> {
  const check = createCheck(body, createHash(), target.sha256);
  const { error } = await service.storage
    .from(MEDIA_BUCKET)
    .upload(target.storage_path, check.stream, {
      contentType: storedMimeType("document", target.mime_type) ?? "application/octet-stream",
      cacheControl: String(CACHE_SECONDS),
      duplex: "half",
    });
  const problem = check.problem();
  if (problem !== null) throw problem;
  if (error === null) return check.size();
  // The same file, from another message: it was checked by whoever stored it.
  if (isThere(error)) return target.size ?? check.size();
  throw new StorageFailure(`Storage: ${error.name}`);
}

/** Passes the bytes on, and fails before their end where they are not those of the hash. */
function createCheck(body: ReadableStream<Uint8Array>, hash: Hash, sha256: string) {
  const reader = body.getReader();
  let size = 0;
  let problem: Error | null = null;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          size += value.length;
          hash.update(value);
          controller.enqueue(value);
          return;
        }
        if (hash.digest("hex") !== sha256) {
          throw new WrongFileError("wrong_hash", "The bytes are not those of the hash.");
        }
        controller.close();
      } catch (error) {
        problem = error instanceof Error && "code" in error ? error : new BrokenOffError();
        controller.error(problem);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { stream, size: () => size, problem: (): Error | null => problem };
}

function isThere(error: { message: string; statusCode?: string | undefined }): boolean {
  return String(error.statusCode) === "409" || /already exists/i.test(error.message);
}

function isFinal(error: unknown, { attempt }: FetchJob): boolean {
  if (error instanceof WrongFileError) return error.is_final || attempt >= MAX_WRONG_FILES;
  if (!(error instanceof MediaRefusedError)) return false;
  // A page instead of the file may be a proxy's; a host that is not Meta's is nobody's mistake.
  return error.reason !== "mime_type" || attempt >= MAX_WRONG_FILES;
}

function describe(error: unknown): MediaError {
  if (error instanceof GraphApiError) {
    const { graph_code: code, title, message, details } = error;
    return { code, title, message, details };
  }
  if (
    error instanceof WrongFileError ||
    error instanceof BrokenOffError ||
    error instanceof StorageFailure ||
    error instanceof ConfigurationError ||
    error instanceof MediaRefusedError ||
    error instanceof NetworkError ||
    error instanceof UnreadableResponseError
  ) {
    return mediaError(error.code, error.message);
  }
  return mediaError("unexpected", "The transfer broke off.");
}

/** Meta writes hex here and base64 in webhooks. */
function toHex(hash: string | null): string | null {
  if (hash === null) return null;
  if (/^[0-9a-f]{64}$/i.test(hash)) return hash.toLowerCase();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(hash)) return null;
  return Array.from(atob(hash), (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join(
    "",
  );
}
