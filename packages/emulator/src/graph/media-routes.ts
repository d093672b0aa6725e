import { Hono } from "hono";
import type { Core } from "../core.ts";
import { mediaRefusal } from "../store/media-limits.ts";
import { GraphFault, unknownObject } from "./errors.ts";
import { graphJson } from "./graph-json.ts";

/** Meta's `POST /{phone_number_id}/media`, `GET` and `DELETE /{media_id}`, below the version. */
export function mediaRoutes(core: Core): Hono {
  const app = new Hono();
  app.post("/:number/media", async (c) => {
    const number = core.store.findNumber(c.req.param("number"));
    if (!number) throw unknownObject(c.req.param("number"));
    const { bytes, mime_type } = await readUpload(c.req.raw);
    const refusal = mediaRefusal(mime_type, bytes);
    if (refusal !== null) throw new GraphFault(131053, { details: refusal });
    const { phone_number_id } = number;
    const { id } = core.media.add({ phone_number_id, mime_type, bytes, source: "upload" });
    core.options.log(`graph stored media ${id}, ${bytes.length} bytes of ${mime_type}`);
    return graphJson({ id });
  });
  app.get("/:id", (c) => {
    const { id } = c.req.param();
    const number = core.store.findNumber(id);
    if (number) {
      const { verified_name, display_phone_number } = number;
      return graphJson({ verified_name, display_phone_number, quality_rating: "GREEN", id });
    }
    const media = findMedia(core, id, c.req.query("phone_number_id"));
    return graphJson({
      url: core.media.link(id, new URL(c.req.url).origin),
      mime_type: media.mime_type,
      // Hex here and base64 in webhooks: the two places differ at Meta.
      sha256: media.sha256.hex,
      file_size: media.bytes.length,
      id,
      messaging_product: "whatsapp",
    });
  });
  app.delete("/:id", (c) => {
    const { id } = findMedia(core, c.req.param("id"), c.req.query("phone_number_id"));
    core.media.remove(id);
    return graphJson({ success: true });
  });
  return app;
}

function findMedia(core: Core, id: string, phone_number_id: string | undefined) {
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
