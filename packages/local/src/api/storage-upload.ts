import * as z from "zod";

/** An upload as Lite takes it: the bytes as the body, what the client says of them in headers. */
export interface Upload {
  request: Request;
  /** What the client keeps with the object; null where it gave nothing. */
  user_metadata: Record<string, unknown> | null;
}

/**
 * Takes the file out of the multipart form that storage-js sends for a Blob, where Lite looks for a
 * field that storage-js does not name, and counts a body that came without its length: Lite checks a
 * bucket's size limit by that header alone.
 */
export async function readUpload(request: Request, url: string): Promise<Upload> {
  const headers = new Headers(request.headers);
  // The length is that of the body as it will be, not as it came.
  headers.delete("transfer-encoding");
  const form = await readForm(request);
  if (form === null) {
    const bytes = await request.arrayBuffer();
    headers.set("content-length", String(bytes.byteLength));
    const encoded = headers.get("x-metadata");
    const text = encoded === null ? null : Buffer.from(encoded, "base64").toString("utf8");
    return { request: put(request, url, { headers, bytes }), user_metadata: parseMetadata(text) };
  }
  const file = [...form.values()].find((value) => value instanceof File);
  const bytes = file === undefined ? new ArrayBuffer(0) : await file.arrayBuffer();
  headers.set("content-length", String(bytes.byteLength));
  headers.set("content-type", file?.type || "application/octet-stream");
  const cacheControl = form.get("cacheControl");
  if (typeof cacheControl === "string") headers.set("cache-control", `max-age=${cacheControl}`);
  const metadata = form.get("metadata");
  return {
    request: put(request, url, { headers, bytes }),
    user_metadata: parseMetadata(typeof metadata === "string" ? metadata : null),
  };
}

async function readForm(request: Request): Promise<FormData | null> {
  const type = request.headers.get("content-type") ?? "";
  return type.startsWith("multipart/form-data") ? await request.formData() : null;
}

function put(
  { method }: Request,
  url: string,
  { headers, bytes }: { headers: Headers; bytes: ArrayBuffer },
): Request {
  return new Request(url, { method, headers, body: bytes });
}

const metadataSchema = z.record(z.string(), z.unknown());

function parseMetadata(text: string | null): Record<string, unknown> | null {
  if (text === null) return null;
  try {
    return metadataSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
