import { describe, expect, test } from "vitest";
import { mendDownload, parseRange } from "./storage-download.ts";

describe("parseRange", () => {
  test.each([
    ["bytes=0-0", 10, { from: 0, to: 0 }],
    ["bytes=2-5", 10, { from: 2, to: 5 }],
    ["bytes=2-", 10, { from: 2, to: 9 }],
    ["bytes=2-99", 10, { from: 2, to: 9 }],
    ["bytes=-3", 10, { from: 7, to: 9 }],
    ["bytes=-99", 10, { from: 0, to: 9 }],
    ["bytes=10-", 10, "unsatisfiable"],
    ["bytes=-0", 10, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=5-2", 10, null],
    ["bytes=0-1,4-5", 10, null],
    ["bytes=-", 10, null],
    ["lines=0-1", 10, null],
    ["bytes=a-b", 10, null],
  ])("%s of %i", (header, size, expected) => {
    expect(parseRange(header, size)).toEqual(expected);
  });
});

function answer(headers: Record<string, string>, query = ""): Promise<Response> {
  const whole = { "content-length": "10", etag: '"e"', "content-type": "text/plain" };
  const request = new Request(`http://x.test/o${query}`, { headers });
  return mendDownload(request, new Response("0123456789", { headers: whole }));
}

describe("mendDownload", () => {
  test("a part comes with 206, its place and its own length", async () => {
    const response = await answer({ range: "bytes=2-4" });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe("bytes 2-4/10");
    expect(response.headers.get("content-length")).toBe("3");
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(await response.text()).toBe("234");
  });

  test("a part that is not there is 416 and says how much there is", async () => {
    const response = await answer({ range: "bytes=10-" });
    expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  });

  test("what the client has already is 304 without a body", async () => {
    const response = await answer({ "if-none-match": '"e"' });
    expect([response.status, await response.text()]).toEqual([304, ""]);
  });

  test.each([
    ["?download=", "attachment"],
    ["?download=a%20b.txt", "attachment; filename=a%20b.txt; filename*=UTF-8''a%20b.txt;"],
  ])("%s is offered as a file", async (query, disposition) => {
    expect((await answer({}, query)).headers.get("content-disposition")).toBe(disposition);
  });

  test("a refusal goes through as it is", async () => {
    const refusal = Response.json({ code: "NoSuchKey" }, { status: 400 });
    const request = new Request("http://x.test/o", { headers: { range: "bytes=0-1" } });
    expect(await mendDownload(request, refusal)).toBe(refusal);
  });
});
