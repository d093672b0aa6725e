import type { JsonObject } from "@wabase/cloud-api";
import { z } from "zod";

// What a session heard, as the journal keeps it: everything that is needed to make events of it again later, with
// newer code, and without Baileys or its keys. Baileys' own objects are in it as JSON, but for what is secret.

/** A hidden identity and the phone behind it, both digits. */
const pairSchema = z.object({ lid: z.string(), phone: z.string() });

export type Pair = z.infer<typeof pairSchema>;

const optionalText = z.string().min(1).nullable().catch(null);
const optionalNumber = z.coerce.number().nullable().catch(null);
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "expected an object",
);

/** Baileys' key of a message: the chat, who wrote it, and an id that the writer chose. */
export const keySchema = z.object({
  remoteJid: z.string().min(1),
  fromMe: z.boolean().nullable().catch(null),
  id: z.string().min(1),
  participant: optionalText,
});

export type MessageKey = z.infer<typeof keySchema>;

const messageItem = z.object({
  kind: z.literal("message"),
  /** live: this session sent or received it. echo: the phone, or another of its devices, sent it. */
  origin: z.enum(["live", "echo", "history"]),
  key: keySchema,
  /** Seconds. */
  timestamp: optionalNumber,
  push_name: optionalText,
  /** Baileys' number for how far a message of ours had come. */
  status: optionalNumber,
  message: jsonObject,
  /** Of a message that takes another one's back: the writer is an admin of the group. */
  is_admin: z.boolean().catch(false),
});

const statusItem = z.object({
  kind: z.literal("status"),
  key: keySchema,
  status: z.number(),
  timestamp: optionalNumber,
  /** WhatsApp's reason for not taking it. */
  error: optionalText,
});

const contactItem = z.object({
  kind: z.literal("contact"),
  jid: z.string(),
  /** In the phone's address book. */
  name: z.string().min(1),
  timestamp: z.number(),
});

const groupItem = z.object({
  kind: z.literal("group"),
  jid: z.string(),
  subject: z.string().min(1),
  timestamp: z.number(),
});

const callItem = z.object({
  kind: z.literal("call"),
  id: z.string().min(1),
  jid: z.string(),
  status: z.string(),
  timestamp: z.number(),
  is_video: z.boolean().catch(false),
});

const undecryptableItem = z.object({
  kind: z.literal("undecryptable"),
  key: keySchema,
  timestamp: optionalNumber,
  reason: z.string(),
});

export const itemSchema = z.discriminatedUnion("kind", [
  messageItem,
  statusItem,
  contactItem,
  groupItem,
  callItem,
  undecryptableItem,
]);

export type WebItem = z.infer<typeof itemSchema>;
export type WebMessageItem = z.infer<typeof messageItem>;
export type WebItemOf<Kind extends WebItem["kind"]> = Extract<WebItem, { kind: Kind }>;

export const WEB_OBJECT = "whatsapp_web";

export const journalSchema = z.object({
  object: z.literal(WEB_OBJECT),
  phone_number_id: z.string(),
  display_phone_number: z.string(),
  /** Who we are. */
  me: z.object({ phone: z.string(), lid: z.string().nullable() }),
  /** Whoever is mentioned below, as far as it was known at the time. */
  people: z.array(pairSchema),
  /** Parsed one by one: one that is malformed holds up no other. */
  items: z.array(z.unknown()),
});

export type WebJournal = z.infer<typeof journalSchema>;
