/**
 * The bytes of a request's body, or null where they are more than `max_bytes`: what comes after that is
 * never held in memory.
 */
export async function readBody(request: Request, max_bytes: number): Promise<Uint8Array | null> {
  const declared = Number(request.headers.get("content-length"));
  if (declared > max_bytes) {
    await request.body?.cancel();
    return null;
  }
  // What a declared length allows comes whole, at a fraction of what a stream costs.
  if (declared > 0) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > max_bytes) return null;
    chunks.push(chunk);
  }
  return concatenate(chunks, size);
}

/** The text of valid UTF-8, else null: bytes that are not would be stored as something else. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** What the text says as JSON, else undefined, which JSON cannot say. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function concatenate(chunks: Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
