import { beforeEach, expect, onTestFinished, test } from "vitest";
import { isPortFree, randomFreePort } from "./free-port.ts";
import { type Gateway, type RequestEntry, startGateway } from "./gateway.ts";

let url: string;
let gateway: Gateway;
let entries: RequestEntry[];
let lines: string[];

beforeEach(async () => {
  entries = [];
  lines = [];
  const port = await randomFreePort();
  url = `http://127.0.0.1:${port}`;
  gateway = await startGateway({
    port,
    api: {
      fetch: async (request) => {
        const { pathname } = new URL(request.url);
        if (pathname.endsWith("/fails")) throw new Error("the API failed");
        return new Response(`api ${pathname} ${await request.text()}`);
      },
      close: async () => {},
    },
    functions: {
      handle: async (request, response) => {
        if (request.url?.includes("fails")) throw new Error("the function failed");
        response.end(`functions ${request.url}`);
      },
      workers: [],
      stop: async () => {},
    },
    on_request: (entry) => void entries.push(entry),
    log: (line) => void lines.push(line),
  });
  const started = gateway;
  onTestFinished(() => started.stop());
});

async function text(path: string, init?: RequestInit): Promise<string> {
  return await (await fetch(`${url}${path}`, init)).text();
}

test.each(["/rest/v1/rows", "/rest/v1/", "/rest/v1", "/auth/v1/user", "/storage/v1/bucket"])(
  "%s goes to the API",
  async (path) => {
    expect(await text(path, { method: "POST", body: "body" })).toBe(`api ${path} body`);
  },
);

test("what is below /functions/v1/ goes to the functions, path and query untouched", async () => {
  const path = "/functions/v1/hello/a%2Fb?x=%20";
  expect(await text(path)).toBe(`functions ${path}`);
});

test.each(["/", "/rest/v10", "/rest/v2/rows", "/functions/v1", "/realtime/v1/x", "/rest"])(
  "%s is nothing: 404",
  async (path) => {
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  },
);

test("a request is reported without its query, its headers and its body", async () => {
  const init = { method: "POST", body: "words", headers: { "x-words": "words" } };
  await text("/rest/v1/rows?body=eq.words", init);
  await text("/functions/v1/hello?q=words");
  await expect.poll(() => entries.length).toBe(2);
  expect(entries).toEqual([
    { method: "POST", path: "/rest/v1/rows", status: 200, duration_ms: expect.any(Number) },
    { method: "GET", path: "/functions/v1/hello", status: 200, duration_ms: expect.any(Number) },
  ]);
});

test("a failure inside ends that request alone", async () => {
  await expect(text("/functions/v1/fails?q=words")).rejects.toThrow("fetch failed");
  expect(lines).toEqual(["gateway: GET /functions/v1/fails: Error: the function failed"]);
  expect((await fetch(`${url}/rest/v1/fails`)).status).toBe(500);
  expect(await text("/rest/v1/rows")).toBe("api /rest/v1/rows ");
});

test("it listens on this machine alone, and stop() frees the port", async () => {
  const port = Number(new URL(url).port);
  expect(await isPortFree(port)).toBe(false);
  await gateway.stop();
  expect(await isPortFree(port)).toBe(true);
});
