import { describe, expect, test } from "vitest";
import { CREDS, entryKey } from "../auth-state/entries.ts";
import { fileNameOf, keyOfFile } from "./file-names.ts";

describe("a file name of useMultiFileAuthState", () => {
  test.each([
    ["creds.json", CREDS],
    ["pre-key-812.json", entryKey("pre-key", "812")],
    ["session-4915200000001_1.17.json", entryKey("session", "4915200000001_1.17")],
    [
      "sender-key-49152-161@g.us--49152_1--3.json",
      entryKey("sender-key", "49152-161@g.us::49152_1::3"),
    ],
    ["sender-key-memory-49152-161@g.us.json", entryKey("sender-key-memory", "49152-161@g.us")],
    ["app-state-sync-key-AA__b__+=.json", entryKey("app-state-sync-key", "AA/b/+=")],
    [
      "app-state-sync-version-critical_unblock_low.json",
      entryKey("app-state-sync-version", "critical_unblock_low"),
    ],
    ["lid-mapping-123_reverse.json", entryKey("lid-mapping", "123_reverse")],
    ["tctoken-__index.json", entryKey("tctoken", "__index")],
    ["device-list-49152.json", entryKey("device-list", "49152")],
    ["identity-key-49152.0.json", entryKey("identity-key", "49152.0")],
  ])("%s is one key, and the key that file", (name, key) => {
    expect(keyOfFile(name)).toBe(key);
    expect(fileNameOf(key)).toBe(name);
  });

  test.each(["package.json", "session-.json", "session-1.txt", "notes.json", "session-a:b.json"])(
    "%s is none",
    (name) => expect(keyOfFile(name)).toBeNull(),
  );
});
