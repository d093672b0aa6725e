import { type Part, invalid, missing } from "./part.ts";

/** What a media object names: an upload, or an address. */
export interface NamedMedia {
  id: string | null;
  link: string | null;
}

/** Reads a media object: either `id` or `link`. */
export function readMedia(media: Part): NamedMedia {
  const has_id = media.has("id");
  if (has_id && media.has("link")) {
    throw invalid(media.path, `Param ${media.path} must have either 'id' or 'link', not both.`);
  }
  if (has_id) return { id: media.text("id", { max: 200 }), link: null };
  if (media.has("link")) return { id: null, link: media.url("link") };
  throw missing(`${media.path}' needs an 'id' or a 'link`);
}
