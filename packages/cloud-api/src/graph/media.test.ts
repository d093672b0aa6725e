import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { createGraphClient } from "./client.ts";
import type { Fetch } from "./request-json.ts";

const access_token = "token-1";
const phone_number_id = "106540352242922";

/** A real server, since the runtimes differ in how they send and cut streams. */
async function serve(listener: RequestListener, fetch?: Fetch) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const base_url = `http://127.0.0.1:${port}`;
  const client = createGraphClient({ access_token, base_url, ...(fetch && { fetch }) });
  return { base_url, media: client.media };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await new Response(stream).arrayBuffer());
}

/** Bytes that no text encoding leaves alone. */
const file = new Uint8Array(300_000).map((_, at) => (at * 7) % 256);

function streamOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, (at += size)));
    },
  });
}

describe("upload", () => {
  test.each([
    ["bytes", () => file],
    ["a Blob", () => new Blob([file])],
    ["a stream", () => streamOf(file, 70_001)],
  ])("%s arrive unchanged, with type and name", async (kind, make) => {
    const seen: { request: IncomingMessage; form: FormData }[] = [];
    const { media } = await serve((request, response) => {
      const receive = async () => {
        const body = await bodyOf(request);
        const headers = { "content-type": request.headers["content-type"] ?? "" };
        seen.push({
          request,
          form: await new Response(new Uint8Array(body), { headers }).formData(),
        });
        response.end('{"id":"1013859600285441"}');
      };
      void receive();
    });
    const options = { phone_number_id, mime_type: "image/jpeg", filename: 'a "b"\r\n.jpg' };
    expect(await media.upload({ ...options, body: make() })).toEqual({
      media_id: "1013859600285441",
    });
    const [upload] = seen;
    const part = upload?.form.get("file");
    const uploaded = part instanceof File ? part : new File([], "");
    expect(upload?.request.url).toBe(`/v26.0/${phone_number_id}/media`);
    expect(upload?.request.headers.authorization).toBe(`Bearer ${access_token}`);
    expect(upload?.form.get("messaging_product")).toBe("whatsapp");
    expect(upload?.form.get("type")).toBe("image/jpeg");
    expect(uploaded.type).toBe("image/jpeg");
    expect(uploaded.name).toBe('a "b"\r\n.jpg');
    expect(hashOf(Buffer.from(await uploaded.arrayBuffer()))).toBe(hashOf(Buffer.from(file)));
    // Where the length is known it is said; a stream is not collected to find it out.
    expect(upload?.request.headers["content-length"] === undefined).toBe(kind === "a stream");
  });

  test("a source that breaks breaks the upload", async () => {
    const { media } = await serve((request) => void request.resume());
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("the disk is gone"));
      },
    });
    const upload = media.upload({ phone_number_id, mime_type: "image/png", body });
    await expect(upload).rejects.toMatchObject({ code: "network_error" });
  });

  test("a type or number that cannot be right is refused before anything is sent", async () => {
    const { media } = await serve(() => expect.unreachable());
    for (const [message, parts] of [
      ["mime_type: ", { mime_type: "image/png\r\nX-Evil: 1" }],
      ["mime_type: ", { mime_type: "png" }],
      ["phone_number_id: ", { phone_number_id: "../1" }],
    ] as const) {
      const options = { phone_number_id, mime_type: "image/png", body: file, ...parts };
      await expect(media.upload(options)).rejects.toThrow(message);
    }
  });
});

const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("find and remove", () => {
  test("find says where it is; remove takes it away", async () => {
    const seen: string[] = [];
    const { media } = await serve((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.end(
        request.method === "DELETE"
          ? '{"success":true}'
          : '{"url":"https://lookaside.fbsbx.com/x","mime_type":"image/jpeg","sha256":"ab","file_size":"12"}',
      );
    });
    expect(await media.find({ media_id: "1" })).toEqual({
      url: "https://lookaside.fbsbx.com/x",
      mime_type: "image/jpeg",
      sha256: "ab",
      file_size: 12,
    });
    await media.remove({ media_id: "1", phone_number_id });
    expect(seen).toEqual(["GET /v26.0/1", `DELETE /v26.0/1?phone_number_id=${phone_number_id}`]);
  });

  test("media that Meta has no more is Meta's error 100; an answer without address is none", async () => {
    const error = '{"error":{"message":"(#100) Unsupported get request","code":100}}';
    const gone = await serve((_request, response) => response.writeHead(400).end(error));
    await expect(gone.media.find({ media_id: "1" })).rejects.toMatchObject({ graph_code: 100 });
    const empty = await serve((_request, response) => response.end("{}"));
    await expect(empty.media.find({ media_id: "1" })).rejects.toMatchObject({
      code: "unreadable_response",
      message: expect.stringContaining("url"),
    });
  });
});

describe("download", () => {
  test("streams the bytes, with the token, and says what they are", async () => {
    const seen: IncomingMessage[] = [];
    const { media, base_url } = await serve((request, response) => {
      seen.push(request);
      response.setHeader("content-type", "audio/ogg; codecs=opus").end(file);
    });
    const got = await media.download({ url: `${base_url}/a?mid=1`, max_bytes: file.length });
    expect(got).toMatchObject({ mime_type: "audio/ogg", content_length: file.length });
    expect(hashOf(await readAll(got.body))).toBe(hashOf(Buffer.from(file)));
    expect(seen[0]?.headers).toMatchObject({
      authorization: `Bearer ${access_token}`,
      "user-agent": "wabase",
    });
  });

  test("one byte too many is refused: by what the server says, else as it comes", async () => {
    const { media, base_url } = await serve((request, response) => {
      if (request.url === "/told") response.setHeader("content-length", file.length);
      response.setHeader("content-type", "image/png");
      response.write(file.subarray(0, 100_000));
      response.end(file.subarray(100_000));
    });
    const options = { max_bytes: file.length - 1 };
    const told = media.download({ url: `${base_url}/told`, ...options });
    await expect(told).rejects.toMatchObject({ code: "media_refused", reason: "size" });
    const untold = await media.download({ url: `${base_url}/untold`, ...options });
    expect(untold.content_length).toBeNull();
    await expect(readAll(untold.body)).rejects.toMatchObject({ reason: "size" });
  });

  test("another type than asked for is refused", async () => {
    const { media, base_url } = await serve((_request, response) =>
      response.setHeader("content-type", "text/html").end("<html>"),
    );
    const options = { url: `${base_url}/`, max_bytes: 100 };
    await expect(media.download({ ...options, mime_types: ["image/png"] })).rejects.toMatchObject({
      reason: "mime_type",
    });
    const any = await media.download(options);
    expect((await readAll(any.body)).toString("utf8")).toBe("<html>");
  });

  test("an address that has run out is Meta's error, or none of Meta's", async () => {
    const { media, base_url } = await serve((request, response) => {
      response.writeHead(request.url === "/json" ? 401 : 404);
      response.end(
        request.url === "/json" ? '{"error":{"code":190,"message":"x"}}' : "x".repeat(99),
      );
    });
    const download = (path: string) => media.download({ url: base_url + path, max_bytes: 1 });
    await expect(download("/json")).rejects.toMatchObject({ graph_code: 190, http_status: 401 });
    await expect(download("/text")).rejects.toMatchObject({
      code: "unreadable_response",
      http_status: 404,
    });
  });

  test("a server that stalls is left after a while", async () => {
    const { media, base_url } = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "image/png" });
      response.write("x");
    });
    const slow = await media.download({ url: `${base_url}/`, max_bytes: 9, timeout_ms: 100 });
    await expect(readAll(slow.body)).rejects.toThrow(/./);
  });
});

describe("only Meta's hosts are fetched, and only those that need the token get it", () => {
  /** A fetch that answers as told and remembers where it was sent. */
  function recording(answers: Record<string, Response>) {
    const calls: { url: string; authorization: string | null; redirect: string | undefined }[] = [];
    const fetch: Fetch = async (url, init) => {
      const authorization = new Headers(init.headers).get("authorization");
      calls.push({ url, authorization, redirect: init.redirect });
      return answers[url] ?? new Response("ok", { headers: { "content-type": "image/png" } });
    };
    return { calls, media: createGraphClient({ access_token, fetch }).media };
  }

  test.each([
    "http://lookaside.fbsbx.com/a",
    "https://lookaside.fbsbx.com:8443/a",
    "https://lookaside.fbsbx.com.example.com/a",
    "https://example.com/a",
    "https://examplefbcdn.net/a",
    "https://user:pass@lookaside.fbsbx.com/a",
    "https://127.0.0.1/a",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/a",
    "file:///etc/passwd",
    "data:image/png;base64,AA==",
    "//lookaside.fbsbx.com/a",
    "lookaside.fbsbx.com/a",
    "",
  ])("%j is refused, and nothing is fetched", async (url) => {
    const { calls, media } = recording({});
    const refused = media.download({ url, max_bytes: 9 });
    await expect(refused).rejects.toMatchObject({ code: "media_refused", reason: "host" });
    expect(calls).toEqual([]);
  });

  test.each([
    ["https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", "Bearer token-1"],
    ["https://graph.facebook.com/v26.0/1", "Bearer token-1"],
    ["https://scontent-fra3-1.xx.fbcdn.net/a", null],
    ["https://media-fra3-1.cdn.whatsapp.net/a", null],
  ])("%s is fetched, with the token: %s", async (url, authorization) => {
    const { calls, media } = recording({});
    const { body } = await media.download({ url, max_bytes: 9 });
    await body.cancel();
    expect(calls).toEqual([{ url, authorization, redirect: "manual" }]);
  });

  const start = "https://lookaside.fbsbx.com/a";
  const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });

  test("a redirect is followed among Meta's hosts, without the token where it is not needed", async () => {
    const next = "https://scontent.xx.fbcdn.net/b";
    const { calls, media } = recording({ [start]: redirect(next) });
    const { body } = await media.download({ url: start, max_bytes: 9 });
    await body.cancel();
    expect(calls.map(({ url, authorization }) => [url, authorization])).toEqual([
      [start, "Bearer token-1"],
      [next, null],
    ]);
  });

  test.each([
    "https://example.com/b",
    "http://169.254.169.254/",
    "http://lookaside.fbsbx.com/b",
    "https://[broken",
  ])("a redirect to %s is not", async (location) => {
    const { calls, media } = recording({ [start]: redirect(location) });
    await expect(media.download({ url: start, max_bytes: 9 })).rejects.toMatchObject({
      reason: "redirect",
    });
    expect(calls.length).toBe(1);
  });

  test("redirects in a circle end", async () => {
    const seen: string[] = [];
    const fetch: Fetch = async (url) => {
      seen.push(url);
      return redirect(start);
    };
    const { media } = createGraphClient({ access_token, fetch });
    await expect(media.download({ url: start, max_bytes: 9 })).rejects.toMatchObject({
      reason: "redirect",
    });
    expect(seen.length).toBe(4);
  });
});
