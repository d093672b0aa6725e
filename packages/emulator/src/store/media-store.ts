import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createMediaId } from "../wire/ids.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Meta: "URLs are valid for 5 minutes". */
const MEDIA_URL_MS = 5 * MINUTE_MS;
/** Meta keeps an upload 30 days, and what a customer sent 7 days. */
const KEPT_MS = { upload: 30 * DAY_MS, inbound: 7 * DAY_MS } as const;

/** A stored file. */
export interface Media {
  id: string;
  phone_number_id: string;
  source: keyof typeof KEPT_MS;
  mime_type: string;
  bytes: Uint8Array<ArrayBuffer>;
  sha256: { hex: string; base64: string };
  /** Milliseconds since 1970. */
  expires_at: number;
  /** How often the bytes were fetched. */
  downloads: number;
  /** Downloads give other bytes than the hash is of. */
  is_corrupt: boolean;
}

/** What is stored. */
interface NewMedia {
  phone_number_id: string;
  mime_type: string;
  bytes: Uint8Array<ArrayBuffer>;
  source: keyof typeof KEPT_MS;
}

/** What opening a link gives. */
type OpenedLink = { media: Media } | { refused: "expired" | "forged" | "gone" };

/** Files in memory, with links that live five minutes. */
export interface MediaStore {
  add(media: NewMedia): Media;
  /** Undefined once deleted or older than Meta keeps it. */
  find(id: string): Media | undefined;
  /** All that has not been deleted, expired or not. */
  list(): Media[];
  /** Undefined where there is none. */
  change(id: string, changes: Partial<Media>): Media | undefined;
  countDownload(id: string): void;
  remove(id: string): boolean;
  /** A link to the bytes below this origin. The expiry is in it, signed: nothing is kept per link. */
  link(id: string, origin: string): string;
  open(query: { mid: string; ext: string; hash: string }): OpenedLink;
}

/** Creates an empty store on this clock. */
export function createMediaStore(now: () => number): MediaStore {
  const files = new Map<string, Media>();
  const secret = randomBytes(32);
  const sign = (mid: string, ext: string) =>
    createHmac("sha256", secret).update(`${mid}.${ext}`).digest("base64url");
  const find = (id: string) => {
    const media = files.get(id);
    return media && media.expires_at > now() ? media : undefined;
  };
  return {
    add(file) {
      const digest = createHash("sha256").update(file.bytes).digest();
      const sha256 = { hex: digest.toString("hex"), base64: digest.toString("base64") };
      const media = {
        ...file,
        id: createMediaId(),
        sha256,
        expires_at: now() + KEPT_MS[file.source],
        downloads: 0,
        is_corrupt: false,
      };
      files.set(media.id, media);
      return media;
    },
    find,
    list: () => [...files.values()],
    change(id, changes) {
      const media = files.get(id);
      if (!media) return undefined;
      const changed = { ...media, ...changes };
      files.set(id, changed);
      return changed;
    },
    countDownload(id) {
      const media = files.get(id);
      if (media) files.set(id, { ...media, downloads: media.downloads + 1 });
    },
    remove: (id) => files.delete(id),
    link(id, origin) {
      const ext = String(now() + MEDIA_URL_MS);
      const query = new URLSearchParams({ mid: id, ext, hash: sign(id, ext) });
      return `${origin}/whatsapp_business/attachments/?${query}`;
    },
    open({ mid, ext, hash }) {
      const expected = Buffer.from(sign(mid, ext));
      const given = Buffer.from(hash);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        return { refused: "forged" };
      }
      if (Number(ext) <= now()) return { refused: "expired" };
      const media = find(mid);
      return media ? { media } : { refused: "gone" };
    },
  };
}
