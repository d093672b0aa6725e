import { createHmac, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  makeProject,
  serveFunctions,
  TEST_JWT_SECRET,
  type TestProject,
  type TestServer,
} from "./test-project.ts";

const ECHO = `
  Deno.serve(async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const url = new URL(request.url);
    const status = Number(url.searchParams.get("status") ?? 200);
    return new Response(status === 204 ? null : body, {
      status,
      headers: [
        ["x-path", url.pathname + url.search],
        ["x-method", request.method],
        ["x-body-length", String(body.length)],
        ["x-headers", encodeURIComponent(JSON.stringify([...request.headers]))],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["content-type", "application/octet-stream"],
      ],
    });
  });`;

const GZIP = `
  Deno.serve(async () => {
    const text = new Blob(["hello ".repeat(1000)]).stream();
    const body = text.pipeThrough(new CompressionStream("gzip"));
    return new Response(body, { headers: { "content-encoding": "gzip", "content-type": "text/plain" } });
  });`;

const ENVIRONMENT = `
  import process from "node:process";
  Deno.serve(() => Response.json({
    deno: Deno.env.toObject(),
    node: { ...process.env },
    names: ["HOME", "PATH", "WABASE_TEST_MARKER"].map((name) => Deno.env.get(name) ?? null),
  }));`;

const REACH = `
  import { writeFileSync } from "node:fs";
  import { spawnSync } from "node:child_process";
  const attempts = {
    write: () => Deno.writeTextFileSync("./written", "x"),
    writeTemporary: () => Deno.writeTextFileSync("/tmp/wabase-written", "x"),
    nodeWrite: () => writeFileSync("./written", "x"),
    remove: () => Deno.removeSync("./index.ts"),
    run: () => new Deno.Command("true").outputSync(),
    nodeRun: () => { if (spawnSync("true").status !== 0) throw new Error("not run"); },
    foreign: () => Deno.dlopen("libc.so.6", {}),
    environment: () => Deno.readTextFileSync("/proc/" + Deno.ppid + "/environ"),
  };
  Deno.serve(() => Response.json(Object.fromEntries(Object.entries(attempts).map(([name, attempt]) => {
    try { attempt(); return [name, "done"]; } catch (error) { return [name, error.name]; }
  }))));`;

let project: TestProject;
let server: TestServer;

beforeAll(async () => {
  process.env.WABASE_TEST_MARKER = "of this machine";
  project = makeProject(
    {
      "echo/index.ts": ECHO,
      "zipped/index.ts": GZIP,
      "environment/index.ts": ENVIRONMENT,
      "reach/index.ts": REACH,
      "guarded/index.ts": ECHO,
      "stream/index.ts": `
        Deno.serve(() => {
          const parts = ["one ", "two ", "three"];
          return new Response(new ReadableStream({
            pull: (controller) => {
              const part = parts.shift();
              if (part === undefined) controller.close();
              else controller.enqueue(new TextEncoder().encode(part));
            },
          }));
        });`,
    },
    ["echo", "zipped", "environment", "reach", "stream"]
      .map((name) => `[functions.${name}]\nverify_jwt = false\n`)
      .join(""),
  );
  const env = { SUPABASE_URL: "http://127.0.0.1:1", MY_SECRET: "s3cret ü" };
  server = await serveFunctions(project, { env });
});
afterAll(async () => {
  await server.stop();
  project.remove();
  delete process.env.WABASE_TEST_MARKER;
});

describe("a request reaches the function as on hosted", () => {
  test("with its own name as the first part of the path, and the query", async () => {
    for (const path of ["/echo/sub/a%20b?x=1&y=%C3%BC", "/echo?x=1", "/echo", "/echo/"]) {
      expect((await server.fetch(path)).headers.get("x-path")).toBe(path);
    }
  });

  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])("%s", async (method) => {
    const response = await server.fetch("/echo", { method });
    expect([response.status, response.headers.get("x-method")]).toEqual([200, method]);
  });

  test("with the caller's headers, and who was called", async () => {
    const response = await server.fetch("/echo", {
      headers: { "x-hub-signature-256": "sha256=ab", apikey: "k", "user-agent": "meta/1" },
    });
    const seen = JSON.parse(decodeURIComponent(response.headers.get("x-headers") ?? ""));
    expect(Object.fromEntries(seen)).toMatchObject({
      "x-hub-signature-256": "sha256=ab",
      apikey: "k",
      "user-agent": "meta/1",
      "x-forwarded-host": `127.0.0.1:${server.port}`,
      "x-forwarded-proto": "http",
    });
  });

  test("and its answer comes back: status, headers, each cookie", async () => {
    const response = await server.fetch("/echo?status=418", { method: "POST", body: "x" });
    expect([response.status, response.headers.getSetCookie()]).toEqual([418, ["a=1", "b=2"]]);
    expect((await server.fetch("/echo?status=204", {})).status).toBe(204);
  });

  test("a function that is not there is 404 with the code, and none is found by a trick", async () => {
    for (const path of ["/nothing", "/", "/echo%2Fx", "/ech", "/..%2fecho", "/_shared"]) {
      const response = await server.fetch(path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(response.headers.get("sb-error-code")).toBe("NOT_FOUND");
      expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

describe("bodies pass byte for byte", () => {
  const notText = new Uint8Array([0, 255, 254, 0xc3, 0x28, 0xed, 0xa0, 0x80, 10, 13, 0]);
  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ["none", new Uint8Array()],
    ["bytes that are no UTF-8", notText],
    ["5 MB", new Uint8Array(randomBytes(5 * 1024 * 1024))],
    ["compressed ones, left as they are", new Uint8Array(gzipSync("hello"))],
  ])("%s", async (_, body) => {
    const response = await server.fetch("/echo", { method: "POST", body });
    expect(response.headers.get("x-body-length")).toBe(String(body.length));
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  test("in pieces without a length", async () => {
    const init = { method: "POST", body: new Blob(["one ", "two"]).stream(), duplex: "half" };
    const response = await server.fetch("/echo", init);
    expect(await response.text()).toBe("one two");
  });

  test("a compressed answer, and one in pieces", async () => {
    const zipped = await server.fetch("/zipped");
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(await zipped.text()).toBe("hello ".repeat(1000));
    expect(gunzipSync(await rawBody("/zipped")).toString()).toBe("hello ".repeat(1000));
    expect(await (await server.fetch("/stream")).text()).toBe("one two three");
  });

  test("over 32 MB is refused with 413, and the next request is answered", async () => {
    const body = new Uint8Array(33 * 1024 * 1024);
    const response = await server.fetch("/echo", { method: "POST", body });
    expect(response.status).toBe(413);
    expect(response.headers.get("sb-error-code")).toBe("PAYLOAD_TOO_LARGE");
    expect((await server.fetch("/echo")).status).toBe(200);
  });
});

const claims = { role: "authenticated", sub: "x", exp: 9_999_999_999 };

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function sign(payload: object, secret = TEST_JWT_SECRET): string {
  const body = `${encode({ alg: "HS256" })}.${encode(payload)}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

async function call(token: string | null): Promise<Response> {
  const headers = token === null ? {} : { authorization: token };
  return await server.fetch("/guarded", { headers });
}

describe("verify_jwt, which is on where config.toml says nothing", () => {
  test("without a token: 401 and why, in the header that the platform has for it", async () => {
    const response = await call(null);
    expect(response.status).toBe(401);
    expect(response.headers.get("sb-error-code")).toBe("UNAUTHORIZED_NO_AUTH_HEADER");
    expect(await response.json()).toMatchObject({ code: "UNAUTHORIZED_NO_AUTH_HEADER" });
  });

  test.each([
    ["no JWT", "Bearer abc"],
    ["an API key", "Bearer sb_publishable_x"],
    ["another secret's", `Bearer ${sign(claims, "another")}`],
    ["expired", `Bearer ${sign({ ...claims, exp: 1 })}`],
    ["unsigned", `Bearer ${encode({ alg: "none" })}.${encode(claims)}.`],
  ])("a token that is %s: 401", async (_, token) => {
    const response = await call(token);
    expect(response.status).toBe(401);
    expect(response.headers.get("sb-error-code")).toBe("UNAUTHORIZED_INVALID_JWT_FORMAT");
  });

  test("a good one passes, with the token for the function to read", async () => {
    const token = `Bearer ${sign(claims)}`;
    const response = await call(token);
    expect(response.status).toBe(200);
    expect(decodeURIComponent(response.headers.get("x-headers") ?? "")).toContain(token);
  });

  test("OPTIONS passes without one, for a browser asks beforehand", async () => {
    expect((await server.fetch("/guarded", { method: "OPTIONS" })).status).toBe(200);
  });

  test("the refusal is readable for a page of another origin", async () => {
    expect((await call(null)).headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("what a function finds of this machine", () => {
  test("its environment is the platform's variables and the secrets, and nothing else", async () => {
    const { deno, node, names } = await (await server.fetch("/environment")).json();
    expect(deno).toEqual({
      SUPABASE_URL: "http://127.0.0.1:1",
      MY_SECRET: "s3cret ü",
      SB_EXECUTION_ID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      DENO_DEPLOYMENT_ID: "local_environment",
      SUPABASE_FUNCTION_SLUG: "environment",
    });
    expect(node).toEqual(deno);
    expect(names).toEqual([null, null, null]);
  });

  test("it writes no file, starts no process and reads no other's environment", async () => {
    const outcomes = await (await server.fetch("/reach")).json();
    for (const [attempt, outcome] of Object.entries(outcomes)) {
      expect([attempt, outcome]).toEqual([
        attempt,
        expect.stringMatching(/NotCapable|PermissionDenied|EACCES|Error$/),
      ]);
    }
    expect(Object.keys(outcomes)).toHaveLength(8);
  });
});

/** The body of the answer as it came over the wire, which `fetch` would unpack. */
function rawBody(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(server.port, "127.0.0.1", () => {
      socket.write(`GET /functions/v1${path} HTTP/1.0\r\nhost: x\r\nconnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("error", reject);
    socket.once("end", () => {
      const answer = Buffer.concat(chunks);
      resolve(answer.subarray(answer.indexOf("\r\n\r\n") + 4));
    });
  });
}
