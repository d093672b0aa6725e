import { type Context, Hono } from "hono";
import type postgres from "postgres";
import * as z from "zod";
import { resolveCaller, verifySignature } from "./caller.ts";
import type { StackKeys } from "./keys.ts";
import { createTurns } from "./in-turn.ts";
import { mendDownload } from "./storage-download.ts";
import { mendStorageError, storageError } from "./storage-errors.ts";
import { isValidKey, keyOf, withKey } from "./storage-keys.ts";
import { listObjects, listObjectsV2 } from "./storage-list.ts";
import { readUpload } from "./storage-upload.ts";

/** Storage's own ceiling for `remove()`. */
const MAX_REMOVED = 1000;

export interface StorageRoutesOptions {
  /** As the superuser: each listing takes on the caller's role. */
  sql: postgres.Sql;
  keys: StackKeys;
  /** Answers with Supabase Lite. */
  forward: (request: Request) => Promise<Response>;
}

/** /storage/v1 as hosted: Lite's storage, and what it lacks or does otherwise. */
export function storageRoutes({ sql, keys, forward }: StorageRoutesOptions): Hono {
  const toLite = async (request: Request): Promise<Response> =>
    await mendStorageError(await forward(request));
  const listing =
    (list: typeof listObjects | typeof listObjectsV2) =>
    async ({ req }: Context): Promise<Response> => {
      const caller = resolveCaller(req.raw, keys);
      if (caller === null) return unauthorized();
      const place = { bucket: req.param("bucket") ?? "", body: await readJson(req.raw) };
      return await answerList(() => list(sql, caller, place));
    };
  const inTurn = createTurns();
  const download = async ({ req }: Context): Promise<Response> =>
    await mendDownload(req.raw, await toLite(withKey(req.raw)));
  const upload = async ({ req }: Context): Promise<Response> => {
    const place = keyOf(req.url);
    if (!isValidKey(place.key)) return invalidKey(place.key);
    const { request, user_metadata } = await readUpload(req.raw, withKey(req.raw).url);
    // As hosted: the first to come wins, the others are told. Lite looks first and writes later.
    const response = await inTurn(`${place.bucket}/${place.key}`, () => toLite(request));
    if (response.ok && user_metadata !== null) await keepMetadata(sql, place, user_metadata);
    return response;
  };
  const ifTokenHolds =
    (answer: (context: Context) => Promise<Response>) =>
    async (context: Context): Promise<Response> => {
      const token = context.req.query("token") ?? "";
      if (verifySignature(token, keys.jwt_secret) === null) {
        return storageError(400, "InvalidJWT", '"exp" claim timestamp check failed');
      }
      const response = await answer(context);
      // Lite's answer to a token for another object.
      return response.status === 403
        ? storageError(400, "InvalidSignature", "The signature does not match the path")
        : response;
    };
  return new Hono()
    .use("/storage/v1/*", async ({ req }, next) => {
      // Lite takes who has no key for anon.
      const isKnown = isOpen(req.raw) || resolveCaller(req.raw, keys) !== null;
      return isKnown ? await next() : unauthorized();
    })
    .post("/storage/v1/object/list/:bucket", listing(listObjects))
    .post("/storage/v1/object/list-v2/:bucket", listing(listObjectsV2))
    .post("/storage/v1/object/sign/:bucket", ({ req }) => signMany(req.raw, toLite))
    .post("/storage/v1/object/sign/:bucket/:key{.+}", async ({ req }) =>
      mendSignedUrl(await toLite(withKey(req.raw))),
    )
    .post("/storage/v1/object/upload/sign/:bucket/:key{.+}", async ({ req }) => {
      const { key } = keyOf(req.url);
      return isValidKey(key) ? mendUploadUrl(await toLite(withKey(req.raw))) : invalidKey(key);
    })
    .put("/storage/v1/object/upload/sign/:bucket/:key{.+}", ifTokenHolds(upload))
    .get("/storage/v1/object/sign/:bucket/:key{.+}", ifTokenHolds(download))
    .get("/storage/v1/object/info/:bucket/:key{.+}", async ({ req }) =>
      mendInfo(await toLite(withKey(req.raw))),
    )
    .on("POST", ["/storage/v1/object/copy", "/storage/v1/object/move"], ({ req }) =>
      moveOrCopy(req.raw, toLite),
    )
    .delete("/storage/v1/object/:bucket", ({ req }) => removeMany(req.raw, toLite))
    .on(["POST", "PUT"], "/storage/v1/object/:bucket/:key{.+}", upload)
    .get("/storage/v1/object/:bucket/:key{.+}", download)
    .all("/storage/v1/*", ({ req }) => toLite(req.raw));
}

/** What is to be had without a key: public buckets, signed URLs, and a browser's question beforehand. */
function isOpen({ method, url }: Request): boolean {
  const path = new URL(url).pathname.slice("/storage/v1".length);
  if (method === "OPTIONS" || path === "/status") return true;
  if (method === "PUT") return path.startsWith("/object/upload/sign/");
  return /^(GET|HEAD)$/.test(method) && /^\/object\/(public|sign)\//.test(path);
}

type Forward = (request: Request) => Promise<Response>;

async function answerList(list: () => Promise<unknown>): Promise<Response> {
  try {
    return Response.json(await list());
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return storageError(400, "InvalidRequest", z.prettifyError(error));
  }
}

const signManySchema = z.object({ paths: z.array(z.string()), expiresIn: z.number() });

/** Lite answers «Object not found» to the route for several paths: its route for one takes it first. */
async function signMany(request: Request, forward: Forward): Promise<Response> {
  const body = signManySchema.safeParse(await readJson(request));
  if (!body.success) return storageError(400, "InvalidRequest", z.prettifyError(body.error));
  const { paths, expiresIn } = body.data;
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  const sign = async (path: string): Promise<object> => {
    const url = `${request.url}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const one = new Request(url, { method: "POST", headers, body: JSON.stringify({ expiresIn }) });
    const response = await mendSignedUrl(await forward(withKey(one)));
    if (!response.ok) {
      const error = "Either the object does not exist or you do not have access to it";
      return { path, signedURL: null, error };
    }
    return { path, ...signedSchema.parse(await response.json()), error: null };
  };
  return Response.json(await Promise.all(paths.map(sign)));
}

const liteSignedSchema = z.looseObject({ signedUrl: z.string() });
const signedSchema = z.object({ signedURL: z.string() });

/** Storage answers `signedURL`, relative to /storage/v1; Lite answers `signedUrl` with that prefix. */
async function mendSignedUrl(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const { signedUrl } = liteSignedSchema.parse(await response.json());
  return Response.json({ signedURL: signedUrl.replace("/storage/v1", "") });
}

/** storage-js reads the token out of `url`; Lite calls it otherwise. */
async function mendUploadUrl(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const { signedUrl, token } = uploadUrlSchema.parse(await response.json());
  return Response.json({ url: signedUrl.replace("/storage/v1", ""), token });
}

const uploadUrlSchema = z.looseObject({ signedUrl: z.string(), token: z.string() });

const infoSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  bucket_id: z.string(),
  version: z.string().nullish(),
  created_at: z.coerce.date(),
  metadata: z.looseObject({
    size: z.number(),
    mimetype: z.string(),
    cacheControl: z.string(),
    eTag: z.string(),
    lastModified: z.string().optional(),
  }),
  user_metadata: z.unknown(),
});

async function mendInfo(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const { metadata, user_metadata, created_at, ...row } = infoSchema.parse(await response.json());
  return Response.json({
    id: row.id,
    name: row.name,
    version: row.version,
    bucket_id: row.bucket_id,
    size: metadata.size,
    content_type: metadata.mimetype,
    cache_control: metadata.cacheControl,
    etag: metadata.eTag,
    metadata: user_metadata,
    last_modified: metadata.lastModified,
    created_at: created_at.toISOString(),
  });
}

const destinationSchema = z.looseObject({
  bucketId: z.string(),
  destinationBucket: z.string().optional(),
  destinationKey: z.string(),
});

/** Storage tells where a copy is in `Key`, bucket and all. */
async function moveOrCopy(request: Request, forward: Forward): Promise<Response> {
  const body = destinationSchema.safeParse(await readJson(request.clone()));
  if (!body.success) return storageError(400, "InvalidRequest", z.prettifyError(body.error));
  const { bucketId, destinationBucket = bucketId, destinationKey } = body.data;
  if (!isValidKey(destinationKey)) return invalidKey(destinationKey);
  const response = await forward(request);
  if (!response.ok || request.url.endsWith("/move")) return response;
  return Response.json({ Key: `${destinationBucket}/${destinationKey}` });
}

const prefixesSchema = z.looseObject({ prefixes: z.array(z.string()) });

async function removeMany(request: Request, forward: Forward): Promise<Response> {
  const body = prefixesSchema.safeParse(await readJson(request.clone()));
  if (body.success && body.data.prefixes.length > MAX_REMOVED) {
    const message = `Bulk object requests are limited to ${MAX_REMOVED} objects per request`;
    return storageError(400, "InvalidRequest", message);
  }
  return await forward(request);
}

async function keepMetadata(
  sql: postgres.Sql,
  { bucket, key }: { bucket: string; key: string },
  metadata: Record<string, unknown>,
): Promise<void> {
  await sql`
    update storage.objects set user_metadata = ${JSON.stringify(metadata)}::text::jsonb
    where bucket_id = ${bucket} and name = ${key}`;
}

async function readJson(request: Request): Promise<unknown> {
  return await request.json().catch(() => null);
}

function invalidKey(key: string): Response {
  return storageError(400, "InvalidKey", `Invalid key: ${key}`);
}

function unauthorized(): Response {
  return Response.json({ message: "Invalid API key" }, { status: 401 });
}
