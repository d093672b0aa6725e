import { GraphFault } from "../errors.ts";
import { checkInteractive } from "./interactive.ts";
import { readMedia } from "./media.ts";
import { type Part, characters, invalid, readPart } from "./part.ts";

/** Meta: text messages, "maximum 4096 characters". */
const TEXT_MAX_LENGTH = 4096;
const CAPTION = { max: 1024, min: 0 };
const MAX_CONTACTS = 257;
const MESSAGE_ID = { max: 1000 };

/** Checks the content of one type of message; returns the ids of uploaded media in it. */
type Check = (content: Part) => string[];

const withCaption: Check = (content) => {
  content.textOrNull("caption", CAPTION);
  return mediaIds(content);
};

const CHECKS: { readonly [type: string]: Check } = {
  text(content) {
    content.bool("preview_url");
    const body = content.raw("body");
    if (typeof body === "string" && characters(body, TEXT_MAX_LENGTH) > TEXT_MAX_LENGTH) {
      throw new GraphFault(100, {
        message: `(#100) Param text['body'] must be at most ${TEXT_MAX_LENGTH} characters long.`,
      });
    }
    content.text("body", { max: TEXT_MAX_LENGTH });
    return [];
  },
  audio(content) {
    content.without("caption");
    content.bool("voice");
    return mediaIds(content);
  },
  image: withCaption,
  video: withCaption,
  document(content) {
    content.textOrNull("filename", { max: 240 });
    return withCaption(content);
  },
  sticker(content) {
    content.without("caption");
    return mediaIds(content);
  },
  location(content) {
    content.number("latitude", { min: -90, max: 90 });
    content.number("longitude", { min: -180, max: 180 });
    content.textOrNull("name", { max: 1000, min: 0 });
    content.textOrNull("address", { max: 1000, min: 0 });
    return [];
  },
  reaction(content) {
    content.text("message_id", MESSAGE_ID);
    const emoji = content.text("emoji", { max: 50, min: 0 });
    if (emoji === "" || isOneEmoji(emoji)) return [];
    throw invalid("reaction['emoji']", "Param reaction['emoji'] must be one emoji.");
  },
  pin(content) {
    content.oneOf("type", ["pin", "unpin"]);
    content.text("message_id", MESSAGE_ID);
    return [];
  },
  template(content) {
    content.text("name", { max: 512 });
    content.part("language").text("code", { max: 20 });
    return [];
  },
};

/** The message types that the Cloud API sends. */
const MESSAGE_TYPES = [...Object.keys(CHECKS), "contacts", "interactive"].toSorted();

/** Checks what stands under the key named by `type`; returns the ids of uploaded media in it. */
export function checkContent(request: Part, type: string): string[] {
  if (!MESSAGE_TYPES.includes(type)) {
    const types = MESSAGE_TYPES.join(", ").toUpperCase();
    throw invalid("type", `Param type must be one of {${types}} - got "${type}".`);
  }
  if (type === "contacts") return checkContacts(request);
  const content = request.part(type);
  if (type === "interactive") return checkInteractive(request.raw(type));
  return CHECKS[type]?.(content) ?? [];
}

function checkContacts(request: Part): string[] {
  for (const contact of request.list("contacts", { min: 1, max: MAX_CONTACTS })) {
    const name = contact.part("name");
    name.text("formatted_name", { max: 1000 });
    const others = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
    if (!others.some((key) => name.has(key))) {
      throw invalid(name.path, `Param ${name.path} needs one of ${others.join(", ")}.`);
    }
    if (contact.has("phones")) {
      for (const phone of contact.list("phones", { min: 0, max: 100 })) {
        phone.textOrNull("phone", { max: 100 });
      }
    }
  }
  return [];
}

function mediaIds(content: Part): string[] {
  const { id } = readMedia(content);
  return id === null ? [] : [id];
}

function isOneEmoji(text: string): boolean {
  const graphemes = [...new Intl.Segmenter().segment(text)];
  return (
    graphemes.length === 1 && /\p{Extended_Pictographic}|\p{Emoji_Presentation}|\u20e3/u.test(text)
  );
}

/** Reads the whole body of a request. */
export function readBody(body: unknown): Part {
  const is_object = typeof body === "object" && body !== null && !Array.isArray(body);
  const request = readPart(is_object ? body : {}, "");
  if (request.raw("messaging_product") === "whatsapp") return request;
  throw new GraphFault(100, { message: "(#100) The parameter messaging_product is required." });
}
