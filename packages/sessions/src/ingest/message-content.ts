import { isJsonObject, type JsonObject, type JsonValue } from "@wabase/cloud-api";

/** A message in the shape that Meta's Cloud API gives the same kind of message. */
export interface WebContent {
  /** Meta's name for it; `unsupported` where it has none. */
  type: string;
  /** `{type, [type]: …}`. What the Cloud API does not have lies under `web`. */
  content: JsonObject;
}

/** Wrappers around a message: disappearing, to be viewed once, with a caption, edited … */
const WRAPPERS = [
  "ephemeralMessage",
  "viewOnceMessage",
  "viewOnceMessageV2",
  "viewOnceMessageV2Extension",
  "documentWithCaptionMessage",
  "editedMessage",
  "associatedChildMessage",
  "groupStatusMessage",
  "groupStatusMessageV2",
  "lottieStickerMessage",
] as const;

/** The message itself. Nobody wraps deeper than twice; who does is not followed for ever. */
export function unwrap(message: JsonObject): JsonObject {
  let current = message;
  for (let depth = 0; depth < 8; depth += 1) {
    const wrapper = WRAPPERS.find((name) => isJsonObject(current[name]));
    const inner =
      wrapper === undefined ? undefined : objectIn(objectIn(current, wrapper), "message");
    if (inner === undefined) break;
    current = inner;
  }
  return current;
}

type Reader = (part: JsonObject) => { type: string; part: JsonValue };

const readers: Record<string, Reader> = {
  extendedTextMessage: (part) => ({ type: "text", part: { body: textIn(part, "text") ?? "" } }),
  imageMessage: (part) => ({ type: "image", part: media(part) }),
  videoMessage: (part) => ({ type: "video", part: media(part) }),
  ptvMessage: (part) => ({ type: "video", part: media(part) }),
  audioMessage: (part) => ({
    type: "audio",
    part: { ...media(part), voice: part["ptt"] === true },
  }),
  documentMessage: (part) => ({ type: "document", part: media(part) }),
  stickerMessage: (part) => ({
    type: "sticker",
    part: { ...media(part), animated: part["isAnimated"] === true },
  }),
  locationMessage: (part) => ({ type: "location", part: location(part) }),
  liveLocationMessage: (part) => ({ type: "location", part: { ...location(part), live: true } }),
  contactMessage: (part) => ({ type: "contacts", part: [card(part)] }),
  contactsArrayMessage: (part) => ({
    type: "contacts",
    part: (Array.isArray(part["contacts"]) ? part["contacts"] : []).filter(isJsonObject).map(card),
  }),
  buttonsResponseMessage: (part) => ({
    type: "button",
    part: {
      text: textIn(part, "selectedDisplayText"),
      payload: textIn(part, "selectedButtonId"),
    },
  }),
  templateButtonReplyMessage: (part) => ({
    type: "button",
    part: { text: textIn(part, "selectedDisplayText"), payload: textIn(part, "selectedId") },
  }),
  listResponseMessage: (part) => ({
    type: "interactive",
    part: {
      type: "list_reply",
      list_reply: {
        id: textIn(objectIn(part, "singleSelectReply"), "selectedRowId"),
        title: textIn(part, "title"),
        description: textIn(part, "description"),
      },
    },
  }),
  orderMessage: (part) => ({
    type: "order",
    part: { text: textIn(part, "message"), product_items: [], web: part },
  }),
};

/** What a message is, in Meta's words. */
export function readContent(message: JsonObject): WebContent {
  const { conversation } = message;
  if (typeof conversation === "string") {
    return { type: "text", content: { type: "text", text: { body: conversation } } };
  }
  for (const [name, read] of Object.entries(readers)) {
    const part = objectIn(message, name);
    if (part === undefined) continue;
    const { type, part: own } = read(part);
    return { type, content: { type, [type]: own } };
  }
  const type = "unsupported";
  return { type, content: { type, unsupported: { type: kindOf(message) }, web: message } };
}

/** «poll» of a pollCreationMessageV3: for people to read. */
function kindOf(message: JsonObject): string {
  const name = Object.keys(message).find(
    (key) => key.endsWith("Message") || /MessageV\d$/.test(key),
  );
  return name?.replace(/(Creation)?Message(V\d)?$/, "") ?? "unknown";
}

function media(part: JsonObject): JsonObject {
  return compact({
    caption: textIn(part, "caption"),
    filename: textIn(part, "fileName"),
    mime_type: textIn(part, "mimetype"),
    sha256: textIn(part, "fileSha256"),
    size: Number(part["fileLength"] ?? Number.NaN) || null,
    // What it takes to fetch and decrypt the file from WhatsApp's servers, for as long as they keep it.
    web: compact({
      direct_path: textIn(part, "directPath"),
      url: textIn(part, "url"),
      media_key: textIn(part, "mediaKey"),
      file_enc_sha256: textIn(part, "fileEncSha256"),
      seconds: typeof part["seconds"] === "number" ? part["seconds"] : null,
    }),
  });
}

function location(part: JsonObject): JsonObject {
  return compact({
    latitude: part["degreesLatitude"] ?? null,
    longitude: part["degreesLongitude"] ?? null,
    name: textIn(part, "name"),
    address: textIn(part, "address"),
  });
}

function card(part: JsonObject): JsonObject {
  return compact({
    name: { formatted_name: textIn(part, "displayName") ?? "" },
    vcard: textIn(part, "vcard"),
  });
}

function compact(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

export function objectIn(value: JsonObject | undefined, key: string): JsonObject | undefined {
  const inner = value?.[key];
  return isJsonObject(inner) ? inner : undefined;
}

export function textIn(value: JsonObject | undefined, key: string): string | null {
  const inner = value?.[key];
  return typeof inner === "string" && inner !== "" ? inner : null;
}

/** What a message says about the one that it answers. */
export function contextOf(message: JsonObject): JsonObject | undefined {
  for (const part of Object.values(message)) {
    if (isJsonObject(part) && isJsonObject(part["contextInfo"])) return part["contextInfo"];
  }
  return undefined;
}
