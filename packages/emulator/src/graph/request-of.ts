import type { Core } from "../core.ts";
import type { Endpoint, FaultRequest } from "../faults.ts";

const PATH = /^\/v\d+\.\d+\/(?<id>[^/]+)(?:\/(?<edge>[^/]+))?$/;
const EDGES: { readonly [edge: string]: Endpoint } = {
  messages: "messages",
  marketing_messages: "messages",
  media: "media_upload",
  message_templates: "templates",
};

/** What a request is for, as far as its first line tells; `null`: nothing that a fault can be planned for. */
export function requestOf(method: string, path: string, core: Core): FaultRequest | null {
  if (path === "/whatsapp_business/attachments/") return { endpoint: "media_download" };
  const { id, edge } = PATH.exec(path)?.groups ?? {};
  if (id === undefined) return null;
  if (edge !== undefined) {
    const endpoint = EDGES[edge];
    if (!endpoint) return null;
    return endpoint === "templates" ? { endpoint } : { endpoint, phone_number_id: id };
  }
  const media = core.media.find(id);
  if (!media) return core.templates.find(id) ? { endpoint: "templates" } : null;
  const { phone_number_id } = media;
  return { endpoint: method === "DELETE" ? "media_delete" : "media_url", phone_number_id };
}
