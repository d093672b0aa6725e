import type { JsonObject } from "@wabase/cloud-api";
import { describe, expect, test } from "vitest";
import { messageIdOf, readQueued, toOutcome, wamidOfRow } from "./queued-message.ts";

const ROW = "01a2009b-98d6-7716-8f4e-5951bc86c3e5";
const read = (content: JsonObject, to: Partial<Parameters<typeof readQueued>[0]> = {}) =>
  readQueued({ id: ROW, to: "4915100000001", content, ...to });

describe("a row of the outbox", () => {
  test("is always the same message to WhatsApp", () => {
    expect(messageIdOf(ROW)).toMatch(/^3EB0[0-9A-F]{18}$/);
    expect(messageIdOf(ROW)).toBe(messageIdOf(ROW));
    expect(messageIdOf(ROW)).not.toBe(messageIdOf(ROW.replace("01a2", "01a3")));
    expect(wamidOfRow(ROW)).toBe(`web.me.${messageIdOf(ROW)}`);
    expect(read({ type: "text", text: { body: "Hi" } })).toMatchObject({ id: messageIdOf(ROW) });
  });

  test.each<[Partial<Parameters<typeof readQueued>[0]>, string]>([
    [{ to: "4915100000001" }, "4915100000001@s.whatsapp.net"],
    [{ to: "+4915100000001" }, "4915100000001@s.whatsapp.net"],
    [{ to: null, recipient: "lid.101" }, "101@lid"],
    [{ to: null, group_id: "120363@g.us" }, "120363@g.us"],
  ])("to %j goes to %s", (to, jid) => {
    expect(read({ type: "text", text: { body: "Hi" } }, to)).toMatchObject({ jid });
  });

  test.each<[JsonObject, JsonObject]>([
    [{ type: "text", text: { body: "Hi" } }, { text: "Hi" }],
    [
      { type: "image", image: { link: "https://x.test/a.jpg", caption: "Look" } },
      { image: { url: "https://x.test/a.jpg" }, caption: "Look" },
    ],
    [
      { type: "audio", audio: { link: "https://x.test/a.ogg", voice: true } },
      { audio: { url: "https://x.test/a.ogg" }, ptt: true },
    ],
    [
      { type: "document", document: { link: "https://x.test/a.pdf", filename: "bill.pdf" } },
      {
        document: { url: "https://x.test/a.pdf" },
        mimetype: "application/octet-stream",
        fileName: "bill.pdf",
      },
    ],
    [
      { type: "location", location: { latitude: 52.5, longitude: 13.4, name: "Shop" } },
      { location: { degreesLatitude: 52.5, degreesLongitude: 13.4, name: "Shop" } },
    ],
    [
      { type: "reaction", reaction: { message_id: "web.101.3EB0AA", emoji: "👍" } },
      {
        react: {
          key: { remoteJid: "4915100000001@s.whatsapp.net", fromMe: false, id: "3EB0AA" },
          text: "👍",
        },
      },
    ],
  ])("%j is sent as %j", (content, sent) => {
    expect(read(content)).toMatchObject({ content: sent });
  });

  test("that answers a message quotes it", () => {
    const answer = read({
      type: "text",
      text: { body: "Hi" },
      context: { message_id: "web.101.3EB0AA" },
    });
    expect(answer).toMatchObject({ options: { quoted: { key: { id: "3EB0AA", fromMe: false } } } });
    const in_group = read(
      { type: "text", text: { body: "Hi" }, context: { message_id: "web.101.120363.3EB0AA" } },
      { to: null, group_id: "120363@g.us" },
    );
    expect(in_group).toMatchObject({
      options: {
        quoted: { key: { remoteJid: "120363@g.us", participant: "101@lid", id: "3EB0AA" } },
      },
    });
  });

  test.each<JsonObject>([
    { type: "template", template: { name: "hello" } },
    { type: "text" },
    { type: "text", text: { body: "" } },
    { type: "image", image: { id: "123" } },
    { type: "location", location: { latitude: "north" } },
    { type: "reaction", reaction: { message_id: "wamid.X", emoji: "👍" } },
    { type: "constructor", constructor: {} },
    {},
  ])("that a phone cannot send is refused, and named: %j", (content) => {
    expect(read(content)).toMatchObject({ error: { code: "unsupported" } });
  });

  test("to nobody is refused", () => {
    expect(read({ type: "text", text: { body: "Hi" } }, { to: null })).toMatchObject({
      error: { code: "no_recipient" },
    });
  });
});

test("an outcome nobody knows has its wamid, by which a receipt settles it", () => {
  const error = { code: "not_confirmed", message: "…" };
  expect(toOutcome({ status: "unknown", id: "3EB0AA", error })).toEqual({
    status: "unknown",
    wamid: "web.me.3EB0AA",
    error,
  });
});
