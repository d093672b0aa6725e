import { type Context, Hono } from "hono";
import type { Core } from "../core.ts";
import type { Fault } from "../faults.ts";
import { mediaRefusal } from "../store/media-limits.ts";
import type { Media } from "../store/media-store.ts";
import { GraphFault, unknownObject } from "./errors.ts";
import { graphJson } from "./graph-json.ts";
import { requestOf } from "./request-of.ts";
import { findSender } from "./send-message.ts";
import { underFault } from "./under-fault.ts";

/** A hash that no file has here. */
const OTHER_HASH = "0".repeat(64);

/** Meta's `POST /{phone_number_id}/media`, `GET` and `DELETE /{media_id}`, below the version. */
export function mediaRoutes(core: Core): Hono {
  const app = new Hono();
  app.post("/:number/media", async (c) => {
    const { phone_number_id } = findSender(core, c.req.param("number"));
    const { bytes, mime_type } = await readUpload(c.req.raw);
    return underFault(core, { endpoint: "media_upload", phone_number_id }, () => {
      const refusal = mediaRefusal(mime_type, bytes);
      if (refusal !== null) throw new GraphFault(131053, { details: refusal });
      const { id } = core.media.add({ phone_number_id, mime_type, bytes, source: "upload" });
      core.options.log(`graph stored media ${id}, ${bytes.length} bytes of ${mime_type}`);
      return graphJson({ id });
    });
  });
  app.get("/:id", async (c) => {
    const media = findMedia(core, c.req.param("id"), c.req.query("phone_number_id"));
    return underFault(core, faultRequest(c, core), (fault) =>
      describeMedia(core, media, { origin: new URL(c.req.url).origin, fault }),
    );
  });
  app.delete("/:id", async (c) => {
    const { id } = findMedia(core, c.req.param("id"), c.req.query("phone_number_id"));
    return underFault(core, faultRequest(c, core), () => {
      core.media.remove(id);
      return graphJson({ success: true });
    });
  });
  return app;
}

/** The file behind a link: 404 once the link or the file is gone. */
export async function mediaBytes(c: Context, core: Core): Promise<Response> {
  const { mid = "", ext = "", hash = "" } = c.req.query();
  const opened = core.media.open({ mid, ext, hash });
  if ("refused" in opened) return new Response(null, { status: 404 });
  const { phone_number_id } = opened.media;
  return underFault(core, { endpoint: "media_download", phone_number_id }, (fault) => {
    const { id, bytes, mime_type, is_corrupt } = opened.media;
    core.media.countDownload(id);
    return new Response(is_corrupt || fault?.how === "corrupt" ? otherBytes(bytes) : bytes, {
      headers: { "content-type": mime_type, "x-content-type-options": "nosniff" },
    });
  });
}

function describeMedia(
  core: Core,
  media: Media,
  { origin, fault }: { origin: string; fault: Fault | undefined },
): Response {
  return graphJson({
    url: core.media.link(media.id, origin),
    mime_type: media.mime_type,
    // Hex here and base64 in webhooks: the two places differ at Meta.
    sha256: fault?.how === "corrupt" ? OTHER_HASH : media.sha256.hex,
    file_size: media.bytes.length,
    id: media.id,
    messaging_product: "whatsapp",
  });
}

/** As many bytes, one of them another. */
function otherBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const other = bytes.slice();
  other[0] = ((other[0] ?? 0) + 1) % 256;
  return other;
}

function faultRequest(c: Context, core: Core) {
  return requestOf(c.req.method, c.req.path, core) ?? { endpoint: "media_url" as const };
}

function findMedia(core: Core, id: string, phone_number_id: string | undefined): Media {
  const media = core.media.find(id);
  const is_other = phone_number_id !== undefined && phone_number_id !== media?.phone_number_id;
  if (!media || is_other) throw unknownObject(id);
  return media;
}

async function readUpload(request: Request) {
  const form = await request.formData().catch(() => new FormData());
  if (form.get("messaging_product") !== "whatsapp") {
    throw new GraphFault(100, { message: "(#100) The parameter messaging_product is required." });
  }
  const file = form.get("file");
  if (!(file instanceof Blob)) {
    throw new GraphFault(100, { message: "(#100) The parameter file is required." });
  }
  const type = form.get("type");
  return {
    bytes: new Uint8Array(await file.arrayBuffer()),
    mime_type: typeof type === "string" && type !== "" ? type : file.type,
  };
}
