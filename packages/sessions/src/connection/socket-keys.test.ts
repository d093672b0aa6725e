import type { SignalKeyStore } from "baileys";
import { describe, expect, test } from "vitest";
import { memoryKeys } from "../../../../tests/support/whatsapp-web/memory-auth-state.ts";
import { SocketKeys } from "./socket-keys.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = async (keys: SignalKeyStore, id: string): Promise<string | undefined> => {
  const { [id]: value } = await keys.get("session", [id]);
  return value === undefined ? undefined : new TextDecoder().decode(value);
};
const session = (id: string, text: string) => ({ session: { [id]: bytes(text) } });

describe("what a decryption writes", () => {
  test("is seen by the socket at once, and on record only after the message is stored", async () => {
    const record = memoryKeys();
    const keys = new SocketKeys(record);
    const hold = keys.hold();
    await hold.run(async () => await keys.set(session("mara", "1")));
    expect([await read(keys, "mara"), await read(record, "mara")]).toEqual(["1", undefined]);
    hold.release();
    expect([await read(keys, "mara"), await read(record, "mara")]).toEqual(["1", "1"]);
  });

  test("is forgotten when the message could not be stored: it can be decrypted once more", async () => {
    const record = memoryKeys();
    const keys = new SocketKeys(record);
    await keys.set(session("mara", "1"));
    const hold = keys.hold();
    await hold.run(async () => await keys.set({ session: { mara: null } }));
    expect(await read(keys, "mara")).toBeUndefined();
    hold.drop();
    expect([await read(keys, "mara"), await read(record, "mara")]).toEqual(["1", "1"]);
  });

  test("keeps a later write of the same key behind it, in order, and lets all others by", async () => {
    const record = memoryKeys();
    const keys = new SocketKeys(record);
    const hold = keys.hold();
    await hold.run(async () => await keys.set(session("mara", "received")));
    const sent = keys.set({ session: { mara: bytes("sent"), pablo: bytes("sent") } });
    await keys.set({ "lid-mapping": { 4915: "101" } });
    expect(await record.get("lid-mapping", ["4915"])).toEqual({ 4915: "101" });
    expect([await read(keys, "mara"), await read(record, "pablo")]).toEqual(["sent", undefined]);
    hold.release();
    await sent;
    expect([await read(record, "mara"), await read(record, "pablo")]).toEqual(["sent", "sent"]);
  });

  test("of two messages, the second of which is stored first, is written for each on its own", async () => {
    const record = memoryKeys();
    const keys = new SocketKeys(record);
    const [first, second] = [keys.hold(), keys.hold()];
    await first.run(async () => await keys.set(session("mara", "1")));
    await second.run(async () => await keys.set(session("pablo", "1")));
    second.release();
    expect([await read(record, "mara"), await read(record, "pablo")]).toEqual([undefined, "1"]);
    first.release();
    expect(await read(record, "mara")).toBe("1");
  });
});

describe("a socket that has ended", () => {
  test("reads nothing more, and still writes what was under way", async () => {
    const record = memoryKeys();
    const keys = new SocketKeys(record);
    keys.stopReading();
    expect(() => keys.get("session", ["mara"])).toThrow("this socket has ended");
    await keys.set(session("mara", "sent"));
    expect(await read(record, "mara")).toBe("sent");
  });

  test("writes what it has sent although a message before it was not stored, and nothing after that", async () => {
    const record = memoryKeys();
    const keys = new SocketKeys(record);
    const hold = keys.hold();
    await hold.run(async () => await keys.set(session("mara", "received")));
    const sent = keys.set(session("mara", "sent"));
    keys.stopWriting();
    await sent;
    hold.release();
    expect(await read(record, "mara")).toBe("sent");
    await expect(keys.set(session("mara", "late"))).rejects.toThrow("this socket has ended");
    expect(await read(record, "mara")).toBe("sent");
  });
});
