import { describe, expect, test } from "vitest";
import { isValidKey, keyOf, withKey } from "./storage-keys.ts";

const at = (path: string): string => `http://x.test/storage/v1/object/${path}`;

describe("isValidKey holds to Storage's own rule", () => {
  test.each(["a", "a/b c.txt", "it's (1)!-*_.&$@=;:+,?"])("takes %j", (key) => {
    expect(isValidKey(key)).toBe(true);
  });
  test.each(["", "ü.txt", "😀", "100%", "a#b", "a\\b", "a\nb", "[a]", "a|b", "~a"])(
    "refuses %j",
    (key) => {
      expect(isValidKey(key)).toBe(false);
    },
  );
});

describe("keyOf reads bucket and key as hosted does", () => {
  test.each([
    ["media/a/b.txt", { bucket: "media", key: "a/b.txt", kind: "" }],
    ["media/a%2Fb%20c%3F.txt", { bucket: "media", key: "a/b c?.txt", kind: "" }],
    ["sign/media/a.txt", { bucket: "media", key: "a.txt", kind: "sign/" }],
    ["upload/sign/media/a.txt", { bucket: "media", key: "a.txt", kind: "upload/sign/" }],
    ["media/100%", { bucket: "media", key: "100%", kind: "" }],
  ])("%s", (path, expected) => {
    expect(keyOf(at(path))).toEqual(expected);
  });
});

const pathOf = (path: string): string => new URL(withKey(new Request(at(path))).url).pathname;

describe("withKey", () => {
  test("writes a key as Lite reads it", () => {
    expect(pathOf("media/a%2Fb%40c%26d")).toBe("/storage/v1/object/media/a/b@c&d");
    expect(pathOf("media/a%3Fb")).toBe("/storage/v1/object/media/a%3Fb");
    expect(pathOf("authenticated/media/a")).toBe("/storage/v1/object/media/a");
  });

  test("leaves a key alone that would climb out of the route", () => {
    const path = "/storage/v1/object/media/..%2f..%2f..%2frest%2fv1%2fx";
    expect(pathOf("media/..%2f..%2f..%2frest%2fv1%2fx")).toBe(path);
  });

  test("keeps the query, the method and the body", async () => {
    const init = { method: "POST", body: "hello", headers: { apikey: "k" } };
    const request = withKey(new Request(`${at("media/a%40b")}?token=t`, init));
    expect(new URL(request.url).search).toBe("?token=t");
    expect(request.headers.get("apikey")).toBe("k");
    expect(await request.text()).toBe("hello");
  });
});
