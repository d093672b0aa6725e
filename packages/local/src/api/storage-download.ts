/** What Storage adds to a download that Lite answers whole: ranges, If-None-Match, `?download=`. */
export async function mendDownload(request: Request, response: Response): Promise<Response> {
  if (response.status !== 200 || request.method !== "GET") return response;
  const headers = new Headers(response.headers);
  const download = new URL(request.url).searchParams.get("download");
  if (download !== null) headers.set("content-disposition", contentDisposition(download));
  if (request.headers.get("if-none-match") === headers.get("etag")) {
    headers.delete("content-length");
    return new Response(null, { status: 304, headers });
  }
  const range = request.headers.get("range");
  const bytes = new Uint8Array(await response.arrayBuffer());
  const part = range === null ? null : parseRange(range, bytes.length);
  if (part === null) return new Response(bytes, { headers });
  if (part === "unsatisfiable") {
    return new Response(null, {
      status: 416,
      headers: { "content-range": `bytes */${bytes.length}` },
    });
  }
  headers.set("content-range", `bytes ${part.from}-${part.to}/${bytes.length}`);
  headers.set("content-length", String(part.to - part.from + 1));
  return new Response(bytes.subarray(part.from, part.to + 1), { status: 206, headers });
}

/**
 * The bytes that a `Range` header asks for, both ends included; null where the whole is to be sent:
 * RFC 9110 lets a server ignore what it does not understand, and several ranges at once.
 */
export function parseRange(
  header: string,
  size: number,
): { from: number; to: number } | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  if (match === null) return null;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return null;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { from: size - length, to: size - 1 };
  }
  const from = Number(first);
  const to = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < from) return null;
  return from < size ? { from, to } : "unsatisfiable";
}

function contentDisposition(name: string): string {
  if (name === "") return "attachment";
  return `attachment; filename=${encodeURIComponent(name)}; filename*=UTF-8''${encodeURIComponent(name)};`;
}
