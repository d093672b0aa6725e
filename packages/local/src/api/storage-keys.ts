const PREFIX = "/storage/v1/object/";
/** What may stand before the bucket in an object's path. */
const KIND = /^(?:(?:info|sign|public|authenticated|upload\/sign)\/)?/;

/** Storage's own rule: characters that S3 takes without special handling. */
export function isValidKey(key: string): boolean {
  return key.length > 0 && /^[\w/!.*'() &$=@;:+,?-]*$/.test(key);
}

/** The bucket and the key that a URL of an object names. */
export function keyOf(url: string): { bucket: string; key: string; kind: string } {
  const rest = new URL(url).pathname.slice(PREFIX.length);
  const kind = KIND.exec(rest)?.[0] ?? "";
  const [bucket = "", ...path] = rest.slice(kind.length).split("/");
  return { bucket: decode(bucket), key: decode(path.join("/")), kind };
}

/**
 * The request with its key written as Lite reads it: Lite leaves %2F, %3A, %40, %26 and their like as
 * they are, where hosted decodes them. `authenticated/` is what Lite has no word for.
 */
export function withKey(request: Request): Request {
  const url = new URL(request.url);
  const { bucket, key, kind } = keyOf(request.url);
  // A URL would lose such parts, and the path would name another route; Lite refuses them as they came.
  if (key.split("/").some((part) => part === "." || part === "..")) return request;
  const path = encodeURI(key).replaceAll("?", "%3F").replaceAll("#", "%23");
  url.pathname = `${PREFIX}${kind === "authenticated/" ? "" : kind}${encodeURI(bucket)}/${path}`;
  return url.href === request.url ? request : new Request(url, request);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing; no valid key has one.
    return text;
  }
}
