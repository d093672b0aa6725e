import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type WebhookEvent,
} from "@wabase/cloud-api";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { translateWebJournal } from "./translate.ts";

const MARA = "4915100000001@s.whatsapp.net";
const GROUP = "120363000000001@g.us";
const NUMBER = "web:01a2009b-98d6-7716-8f4e-5951bc86c3e5";

function journal(...items: JsonValue[]): JsonObject {
  return {
    object: "whatsapp_web",
    phone_number_id: NUMBER,
    display_phone_number: "+49152000000001",
    me: { phone: "49152000000001", lid: "20001" },
    people: [
      { lid: "101", phone: "4915100000001" },
      { lid: "102", phone: "4915100000002" },
    ],
    items,
  };
}

interface Said {
  chat?: string;
  id?: string;
  participant?: string;
  fromMe?: boolean;
  origin?: string;
  is_admin?: boolean;
}

function said(message: JsonObject, { chat = MARA, id = "A1", ...rest }: Said = {}): JsonObject {
  const { participant = null, fromMe = false, origin = "live", is_admin = false } = rest;
  return {
    kind: "message",
    origin,
    key: { remoteJid: chat, fromMe, id, participant },
    timestamp: 1_795_000_000,
    push_name: "Mara",
    status: null,
    message,
    is_admin,
  };
}

const events = (...items: JsonValue[]): WebhookEvent[] =>
  translateWebJournal(journal(...items)).events;
const text = { conversation: "Hello" };
const edit = (id: string, key: JsonObject = {}): JsonObject => ({
  protocolMessage: {
    type: "MESSAGE_EDIT",
    key: { id, ...key },
    editedMessage: { conversation: "Changed" },
  },
});
const revoke = (id: string, key: JsonObject = {}): JsonObject => ({
  protocolMessage: { type: "REVOKE", key: { id, ...key } },
});

describe("a message", () => {
  test("becomes what Meta's webhook would: the person, the text, the time, an id of our own", () => {
    expect(events(said(text))).toEqual([
      {
        kind: "message",
        field: "web",
        waba_id: null,
        phone_number_id: NUMBER,
        display_phone_number: "+49152000000001",
        wamid: "web.101.A1",
        timestamp: "2026-11-18T11:06:40.000Z",
        direction: "inbound",
        origin: "live",
        contact: {
          phone: "4915100000001",
          bsuid: null,
          parent_bsuid: null,
          username: null,
          profile_name: "Mara",
        },
        group_id: null,
        type: "text",
        status: null,
        body: "Hello",
        reply_to_wamid: null,
        reaction: null,
        contact_change: null,
        content: { type: "text", text: { body: "Hello" } },
      },
    ]);
  });

  test.each<[string, JsonObject, string | null, JsonObject]>([
    ["text", { extendedTextMessage: { text: "Long" } }, "Long", { text: { body: "Long" } }],
    [
      "image",
      {
        imageMessage: {
          caption: "Stall",
          mimetype: "image/jpeg",
          fileSha256: "aGFzaA==",
          fileLength: "12345",
          mediaKey: "a2V5",
          directPath: "/v/t62",
        },
      },
      "Stall",
      {
        image: {
          caption: "Stall",
          mime_type: "image/jpeg",
          sha256: "aGFzaA==",
          size: 12345,
          web: { direct_path: "/v/t62", media_key: "a2V5" },
        },
      },
    ],
    ["audio", { audioMessage: { ptt: true, seconds: 4 } }, null, { audio: { voice: true } }],
    [
      "video",
      { ephemeralMessage: { message: { videoMessage: { caption: "Soon gone" } } } },
      "Soon gone",
      {},
    ],
    [
      "image",
      { viewOnceMessageV2: { message: { imageMessage: { caption: "Once" } } } },
      "Once",
      {},
    ],
    [
      "document",
      { documentWithCaptionMessage: { message: { documentMessage: { fileName: "bill.pdf" } } } },
      "bill.pdf",
      { document: { filename: "bill.pdf" } },
    ],
    ["sticker", { stickerMessage: { isAnimated: true } }, null, { sticker: { animated: true } }],
    [
      "location",
      { locationMessage: { degreesLatitude: 52.5, degreesLongitude: 13.4, name: "Pier 4" } },
      "Pier 4",
      { location: { latitude: 52.5, longitude: 13.4, name: "Pier 4" } },
    ],
    [
      "contacts",
      { contactMessage: { displayName: "Cem Arslan", vcard: "BEGIN:VCARD" } },
      "Cem Arslan",
      { contacts: [{ name: { formatted_name: "Cem Arslan" }, vcard: "BEGIN:VCARD" }] },
    ],
    [
      "button",
      { buttonsResponseMessage: { selectedDisplayText: "Yes", selectedButtonId: "y" } },
      "Yes",
      { button: { text: "Yes", payload: "y" } },
    ],
    [
      "interactive",
      { listResponseMessage: { title: "Tuesday", singleSelectReply: { selectedRowId: "tue" } } },
      "Tuesday",
      {},
    ],
    [
      "unsupported",
      { pollCreationMessageV3: { name: "Which day?", options: [{ optionName: "Tue" }] } },
      "Which day?",
      { unsupported: { type: "poll" } },
    ],
    ["unsupported", { tomorrowsMessage: { x: 1 } }, null, { web: { tomorrowsMessage: { x: 1 } } }],
  ])("of type %s: %j", (type, message, ...[body, content]) => {
    expect(events(said(message))).toMatchObject([
      { kind: "message", type, body, content: { type, ...content } },
    ]);
  });

  test("of ours, from the phone, is outbound, to whom it went, as far as it had come", () => {
    const item = { ...said(text, { fromMe: true, origin: "echo" }), status: 4 };
    expect(events(item)).toMatchObject([
      {
        wamid: "web.me.A1",
        direction: "outbound",
        origin: "echo",
        status: "read",
        contact: { phone: "4915100000001", profile_name: null },
      },
    ]);
  });

  test("in a group is of its writer; of ours it is nobody's", () => {
    const theirs = said(text, { chat: GROUP, participant: "102:3@lid" });
    const ours = said(text, { chat: GROUP, fromMe: true });
    expect(events(theirs, ours)).toMatchObject([
      { wamid: "web.102.120363000000001.A1", group_id: GROUP, contact: { phone: "4915100000002" } },
      { wamid: "web.me.A1", group_id: GROUP, contact: { phone: null, bsuid: null } },
    ]);
  });

  test("of somebody whose phone is hidden is of the hidden identity, marked as such", () => {
    expect(events(said(text, { chat: "777@lid" }))).toMatchObject([
      { wamid: "web.777.A1", contact: { phone: null, bsuid: "lid.777" } },
    ]);
  });

  test("that is addressed by phone once and by lid once is one message", () => {
    const [by_phone, by_lid] = events(said(text), said(text, { chat: "101@lid" }));
    expect(by_phone).toEqual(by_lid);
  });

  test("that answers another names it, whoever wrote that", () => {
    const answer = (participant: string): JsonObject =>
      said({ extendedTextMessage: { text: "Yes", contextInfo: { stanzaId: "Q1", participant } } });
    expect(
      events(answer(MARA), answer("49152000000001@s.whatsapp.net"), answer("20001@lid")),
    ).toMatchObject([
      { reply_to_wamid: "web.101.Q1" },
      { reply_to_wamid: "web.me.Q1" },
      { reply_to_wamid: "web.me.Q1" },
    ]);
  });

  test("with an id that would break out of ours does not", () => {
    const wamids = ["me.X", "101.A1", "a b\0", "💥".repeat(100)].flatMap((id) =>
      events(said(text, { chat: "102@lid", id })).map((event) => "wamid" in event && event.wamid),
    );
    expect(wamids).toEqual([
      "web.102.me.X",
      "web.102.101.A1",
      "web.102.a%20b%EF%BF%BD",
      expect.stringMatching(/^web\.102\.[0-9a-f]{64}$/),
    ]);
  });
});

describe("an edit, a deletion, a reaction", () => {
  test("are about the writer's own message, whatever their key claims", () => {
    const claims = { remoteJid: "102@lid", participant: "102@lid", fromMe: true };
    expect(
      events(said(edit("M1", claims)), said(revoke("M1", claims), { id: "A2" })),
    ).toMatchObject([
      {
        kind: "edit",
        wamid: "web.101.A1",
        target_wamid: "web.101.M1",
        type: "text",
        body: "Changed",
      },
      { kind: "revoke", wamid: "web.101.A2", target_wamid: "web.101.M1" },
    ]);
  });

  test("of ours, on the phone, are about ours", () => {
    const ours = { fromMe: true, origin: "echo" };
    expect(events(said(edit("M1", { fromMe: true }), ours))).toMatchObject([
      { target_wamid: "web.me.M1" },
    ]);
  });

  test("by an admin of a group may take back another's; by anybody else they may not", () => {
    const named = revoke("M1", { participant: "101@lid" });
    const by_pablo = { chat: GROUP, participant: "102@lid" };
    expect(
      events(said(named, { ...by_pablo, is_admin: true }), said(named, by_pablo)),
    ).toMatchObject([
      { kind: "revoke", target_wamid: "web.101.120363000000001.M1" },
      { kind: "revoke", target_wamid: "web.102.120363000000001.M1" },
    ]);
  });

  test("a reaction names its message; without text it takes the earlier one back", () => {
    const react = (key: JsonObject, emoji: string): JsonObject =>
      said({ reactionMessage: { key, text: emoji } });
    expect(
      events(
        react({ id: "M1", fromMe: true }, "👍"),
        react({ id: "M2", fromMe: false, participant: MARA }, ""),
      ),
    ).toMatchObject([
      { type: "reaction", body: "👍", reaction: { wamid: "web.me.M1", emoji: "👍" } },
      { type: "reaction", body: null, reaction: { wamid: "web.101.M2", emoji: null } },
    ]);
  });
});

describe("everything else", () => {
  test("statuses: of ours, by person, in a group by participant", () => {
    const status = (key: JsonObject, value: number, error: string | null = null): JsonObject => ({
      kind: "status",
      key: { fromMe: true, id: "S1", participant: null, ...key },
      status: value,
      timestamp: 1_795_000_000,
      error,
    });
    expect(
      events(
        status({ remoteJid: MARA }, 3),
        status({ remoteJid: GROUP, participant: "102@lid" }, 4),
        status({ remoteJid: MARA }, 0, "463"),
        status({ remoteJid: MARA }, 1),
      ),
    ).toMatchObject([
      {
        status: "delivered",
        wamid: "web.me.S1",
        recipient: { phone: "4915100000001", participant: null },
      },
      { status: "read", group_id: GROUP, recipient: { participant: "4915100000002" } },
      { status: "failed", error: { code: 463 } },
    ]);
  });

  test("the address book, groups' names, calls, and what could not be decrypted", () => {
    const at = { timestamp: 1_795_000_000 };
    const key = { remoteJid: MARA, fromMe: false, id: "U1", participant: null };
    expect(
      events(
        { kind: "contact", jid: MARA, name: "Mara Lindt", ...at },
        { kind: "contact", jid: "20001@lid", name: "Myself", ...at },
        { kind: "group", jid: GROUP, subject: "Market", ...at },
        { kind: "call", id: "C1", jid: "101@lid", status: "timeout", is_video: true, ...at },
        { kind: "call", id: "C1", jid: "101@lid", status: "constructor", is_video: true, ...at },
        { kind: "undecryptable", key, reason: "Bad MAC", ...at },
      ),
    ).toMatchObject([
      { kind: "contact_sync", name: "Mara Lindt", contact: { phone: "4915100000001" } },
      { kind: "group", group_id: GROUP, subject: "Market" },
      { kind: "call", call_id: "web.C1", event: "terminate", contact: { phone: "4915100000001" } },
      { kind: "account", event: "undecryptable", content: { wamid: "web.101.U1" } },
    ]);
  });

  test.each<[JsonValue, string]>([
    [{ kind: "message" }, "items[0]"],
    [{ kind: "tomorrow" }, "items[0].kind"],
    [7, "items[0]"],
  ])("what is malformed is kept whole, and holds up nobody: %j", (item, path) => {
    const [bad, good] = events(item, said(text));
    expect(bad).toMatchObject({
      kind: "other",
      reason: "invalid",
      content: item,
      phone_number_id: NUMBER,
    });
    expect(bad).toHaveProperty("detail", expect.stringContaining(path));
    expect(good).toMatchObject({ kind: "message" });
  });

  test("any JSON at all is read without an error", () => {
    const message = fc.dictionary(
      fc.constantFrom(
        "protocolMessage",
        "reactionMessage",
        "imageMessage",
        "conversation",
        "ephemeralMessage",
        "__proto__",
      ),
      fc.jsonValue(),
    );
    const item = fc.oneof(
      fc.jsonValue(),
      message.map((content) => {
        const json: JsonValue = JSON.parse(JSON.stringify(content));
        return said(isJsonObject(json) ? json : {});
      }),
    );
    fc.assert(
      fc.property(fc.array(item), (items) => {
        for (const event of translateWebJournal({ ...journal(), items }).events) {
          expect(typeof event.kind).toBe("string");
        }
        expect(translateWebJournal(items).events).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });
});
