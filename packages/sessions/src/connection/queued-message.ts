import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject } from "@wabase/cloud-api";
import type { AnyMessageContent, MiscMessageGenerationOptions, WAMessageKey } from "baileys";
import { objectIn, textIn } from "../ingest/message-content.ts";
import { isGroup } from "../ingest/people.ts";
import { keyOfWamid, ownWamid } from "../ingest/wamid.ts";
import type { Delivery, DeliverRequest } from "./deliver.ts";

/** A row of the outbox, as `whatsapp_lease_sends` hands it out. */
export interface QueuedMessage {
  /** Of whatsapp_messages. */
  id: string;
  /** The recipient's phone, digits; null where it is not known. */
  to: string | null;
  /** Else the recipient's user id: `lid.` and the number of a hidden identity. */
  recipient?: string | null;
  /** Else the group. */
  group_id?: string | null;
  /** The message as Meta takes it: `{type, [type]: …, context}`. */
  content: JsonObject;
}

/** What became of it: outbox-sender.ts tells `whatsapp_record_sends`. */
export type SendOutcome =
  | { status: "accepted"; wamid: string }
  | { status: "failed" | "unknown"; wamid?: string; error: { code: string; message: string } };

type Request = Omit<DeliverRequest, "ack_timeout_ms">;
type Refusal = { error: { code: string; message: string } };

/**
 * WhatsApp's id of an outbox row's message. It follows from the row, so that a send whose outcome nobody recorded
 * can be settled by its receipt, and one that is sent again is the same message to WhatsApp.
 */
export function messageIdOf(row_id: string): string {
  const digest = createHash("sha256").update(`wabase ${row_id}`).digest("hex");
  return `3EB0${digest.slice(0, 18).toUpperCase()}`;
}

/** The wamid that a row has once it is sent through a session. */
export function wamidOfRow(row_id: string): string {
  return ownWamid(messageIdOf(row_id));
}

/** An outbox row as Baileys sends it, or why WhatsApp Web cannot. */
export function readQueued({
  id,
  to,
  recipient,
  group_id,
  content,
}: QueuedMessage): Request | Refusal {
  const jid = jidOf(group_id ?? null, to, recipient ?? null);
  if (jid === null)
    return refuse("no_recipient", "the conversation has neither phone, user id nor group");
  const type = textIn(content, "type") ?? "";
  const made = makers.get(type)?.(content[type] ?? null, jid) ?? null;
  if (made === null) {
    return refuse("unsupported", `type: a WhatsApp-Web number cannot send «${type}» like this`);
  }
  return { jid, content: made, id: messageIdOf(id), options: quoteOf(content, jid) };
}

export function toOutcome(delivery: Delivery): SendOutcome {
  const wamid = ownWamid(delivery.id);
  if (delivery.status === "accepted") return { status: "accepted", wamid };
  return { status: delivery.status, wamid, error: delivery.error };
}

function jidOf(
  group_id: string | null,
  to: string | null,
  recipient: string | null,
): string | null {
  if (group_id !== null && isGroup(group_id)) return group_id;
  if (to !== null) return `${to.replace("+", "")}@s.whatsapp.net`;
  return recipient?.startsWith("lid.") === true ? `${recipient.slice(4)}@lid` : null;
}

type Maker = (part: JsonObject[string], jid: string) => AnyMessageContent | null;

/** By Meta's type. */
const makers = new Map<string, Maker>(
  Object.entries({
    text: (part) => {
      const text = textIn(object(part), "body");
      return text === null ? null : { text };
    },
    image: (part) => withLink(part, (url, caption) => ({ image: { url }, ...caption })),
    video: (part) => withLink(part, (url, caption) => ({ video: { url }, ...caption })),
    audio: (part) =>
      withLink(part, (url) => ({ audio: { url }, ptt: object(part)?.["voice"] === true })),
    sticker: (part) => withLink(part, (url) => ({ sticker: { url } })),
    document: (part) =>
      withLink(part, (url, caption) => ({
        document: { url },
        mimetype: textIn(object(part), "mime_type") ?? "application/octet-stream",
        fileName: textIn(object(part), "filename") ?? "document",
        ...caption,
      })),
    location: (part) => {
      const place = object(part);
      const degreesLatitude = Number(place?.["latitude"] ?? Number.NaN);
      const degreesLongitude = Number(place?.["longitude"] ?? Number.NaN);
      if (!Number.isFinite(degreesLatitude) || !Number.isFinite(degreesLongitude)) return null;
      const name = textIn(place, "name");
      const address = textIn(place, "address");
      return {
        location: {
          degreesLatitude,
          degreesLongitude,
          ...(name === null ? {} : { name }),
          ...(address === null ? {} : { address }),
        },
      };
    },
    reaction: (part, jid) => {
      const key = keyOf(textIn(object(part), "message_id"), jid);
      return key === null ? null : { react: { key, text: textIn(object(part), "emoji") ?? "" } };
    },
  } satisfies Record<string, Maker>),
);

function withLink(
  part: JsonObject[string],
  make: (url: string, caption: { caption?: string }) => AnyMessageContent,
): AnyMessageContent | null {
  const url = textIn(object(part), "link");
  const caption = textIn(object(part), "caption");
  return url === null ? null : make(url, caption === null ? {} : { caption });
}

/** The message that is answered. Its text stays with the one who wrote it. */
function quoteOf(content: JsonObject, jid: string): MiscMessageGenerationOptions {
  const key = keyOf(textIn(objectIn(content, "context"), "message_id"), jid);
  return key === null ? {} : { quoted: { key, message: { conversation: "" } } };
}

function keyOf(wamid: string | null, jid: string): WAMessageKey | null {
  return wamid === null ? null : keyOfWamid(wamid, jid);
}

function object(part: JsonObject[string]): JsonObject | undefined {
  return isJsonObject(part) ? part : undefined;
}

function refuse(code: string, message: string): Refusal {
  return { error: { code, message } };
}
