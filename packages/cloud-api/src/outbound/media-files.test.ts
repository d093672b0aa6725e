import { expect, test } from "vitest";
import { baseMimeType, checkMediaFile, mediaKindOf, mediaLimits } from "./media-files.ts";

const KB = 1024;
const MB = 1024 * KB;

test.each([
  ["audio", "audio/ogg; codecs=opus", 16 * MB],
  ["document", "application/pdf", 100 * MB],
  ["image", "image/jpeg", 5 * MB],
  ["sticker", "image/webp", 500 * KB],
  ["video", "video/mp4", 16 * MB],
] as const)("%s: %s up to %i bytes", (kind, mime_type, bytes) => {
  expect(checkMediaFile({ kind, mime_type, bytes })).toEqual([]);
  expect(checkMediaFile({ kind, mime_type, bytes: bytes + 1 })).toMatchObject([{ field: "bytes" }]);
  expect(mediaKindOf(mime_type)).toBe(kind);
});

test("a sticker that does not move has a smaller limit", () => {
  const sticker = { kind: "sticker", mime_type: "image/webp", animated: false } as const;
  expect(checkMediaFile({ ...sticker, bytes: 100 * KB })).toEqual([]);
  expect(checkMediaFile({ ...sticker, bytes: 100 * KB + 1 })).toMatchObject([{ field: "bytes" }]);
});

test("a voice message is OGG, other audio is not held to it", () => {
  const audio = { kind: "audio", mime_type: "audio/mpeg", bytes: 1 } as const;
  expect(checkMediaFile(audio)).toEqual([]);
  expect(checkMediaFile({ ...audio, voice: true })).toEqual([
    {
      field: "mime_type",
      problem: "is not a type that Meta takes for a voice message",
      fix: "convert it to audio/ogg",
    },
  ]);
});

test("other types are refused by name, whatever their case", () => {
  expect(checkMediaFile({ kind: "image", mime_type: "IMAGE/PNG", bytes: 1 })).toEqual([]);
  expect(checkMediaFile({ kind: "image", mime_type: "image/gif", bytes: 1 })).toMatchObject([
    { field: "mime_type", fix: "convert it to image/jpeg, image/png" },
  ]);
  expect(mediaKindOf("image/gif")).toBeNull();
  expect(baseMimeType(" Text/Plain ;charset=utf-8")).toBe("text/plain");
});

test("no type belongs to two kinds", () => {
  const types = Object.values(mediaLimits).flatMap(({ mime_types }) => mime_types);
  expect(new Set(types).size).toBe(types.length);
});
