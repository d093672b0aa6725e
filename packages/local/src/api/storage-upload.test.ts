import { expect, test } from "vitest";
import { readUpload } from "./storage-upload.ts";

const URL_OF_OBJECT = "http://x.test/storage/v1/object/media/a";

test("the file of a form becomes the body, its type and its length the headers", async () => {
  const body = new FormData();
  body.append("cacheControl", "60");
  body.append("metadata", JSON.stringify({ wamid: "w" }));
  body.append("", new Blob(["héllo"], { type: "text/plain" }));
  const { request, user_metadata } = await readUpload(
    new Request(URL_OF_OBJECT, { method: "POST", body }),
    URL_OF_OBJECT,
  );
  expect(user_metadata).toEqual({ wamid: "w" });
  expect(request.headers.get("content-type")).toBe("text/plain");
  expect(request.headers.get("content-length")).toBe("6");
  expect(request.headers.get("cache-control")).toBe("max-age=60");
  expect(await request.text()).toBe("héllo");
});

test("a stream without a length is counted, so that the bucket's limit holds for it", async () => {
  const init = { method: "PUT", body: new Blob(["12345"]).stream(), duplex: "half" as const };
  const { request } = await readUpload(new Request(URL_OF_OBJECT, init), URL_OF_OBJECT);
  expect(request.headers.get("content-length")).toBe("5");
  expect(await request.text()).toBe("12345");
});

function upload(metadata: string) {
  const init = { method: "POST", body: "x", headers: { "x-metadata": metadata } };
  return readUpload(new Request(URL_OF_OBJECT, init), URL_OF_OBJECT);
}

test("metadata in the header is base64 of JSON; what is not counts as none", async () => {
  const encoded = Buffer.from('{"a":"ü"}').toString("base64");
  expect((await upload(encoded)).user_metadata).toEqual({ a: "ü" });
  expect((await upload("%%%")).user_metadata).toBeNull();
});
