import { createServer, type RequestListener } from "node:http";
import { expect, test, onTestFinished } from "vitest";
import { createGraphClient } from "./client.ts";
import { answering, failing, SENT, type FakeServer } from "./test-server.ts";

function sendThrough(server: FakeServer): Promise<unknown> {
  const client = createGraphClient({ access_token: "token-1", fetch: server.fetch });
  return client.sendText({ phone_number_id: "1", to: "4915155501", body: "Hi" });
}

function errorBody(parts: object) {
  return { error: { message: "(#131056) Pair rate limit hit", code: 131056, ...parts } };
}

test("Meta's refusal, in full", async () => {
  const body = errorBody({
    type: "OAuthException",
    error_data: { messaging_product: "whatsapp", details: "Too many to this person." },
    fbtrace_id: "Az8or2yhqkZfEZ",
  });
  await expect(sendThrough(answering(400, body))).rejects.toMatchObject({
    name: "GraphApiError",
    code: "graph_api_error",
    graph_code: 131056,
    http_status: 400,
    message: "(#131056) Pair rate limit hit",
    title: "Pair rate limit hit",
    details: "Too many to this person.",
    fbtrace_id: "Az8or2yhqkZfEZ",
    is_transient: false,
    category: "rate_limit",
    retry: "recipient_later",
  });
});

test.each([
  [400, errorBody({ code: 131009, is_transient: true }), "later"],
  [400, errorBody({ code: 555555 }), "never"],
  [500, errorBody({ code: 555555 }), "ambiguous"],
  [400, errorBody({ code: "131056" }), "recipient_later"],
  [200, errorBody({}), "recipient_later"],
  [503, { error: { code: 2 } }, "ambiguous"],
])("HTTP %i with %j is a refusal of Meta's, retry %s", async (status, body, retry) => {
  await expect(sendThrough(answering(status, body))).rejects.toMatchObject({
    code: "graph_api_error",
    retry,
  });
});

test.each([
  [200, "<html>", "ambiguous"],
  [200, "", "ambiguous"],
  [200, '{"messages":[{"id":"wam', "ambiguous"],
  [200, {}, "ambiguous"],
  [200, { messages: [] }, "ambiguous"],
  [200, { messages: [{ id: "" }] }, "ambiguous"],
  [502, "<html>Bad gateway</html>", "ambiguous"],
  [500, { error: "text" }, "ambiguous"],
  [404, "Not found", "never"],
  [403, { message: "Forbidden" }, "never"],
  [429, "Too many requests", "later"],
  [302, "", "never"],
])("HTTP %i with %j is no answer of Meta's, retry %s", async (status, body, retry) => {
  await expect(sendThrough(answering(status, body))).rejects.toMatchObject({
    name: "UnreadableResponseError",
    code: "unreadable_response",
    http_status: status,
    request_sent: retry === "ambiguous" ? "maybe" : "no",
    retry,
  });
});

test("markRead without success is unreadable", async () => {
  const client = createGraphClient({ access_token: "t", fetch: answering(200, SENT).fetch });
  await expect(client.markRead({ phone_number_id: "1", wamid: "x" })).rejects.toMatchObject({
    code: "unreadable_response",
  });
});

test("a fetch that fails without a connection has sent nothing; any other may have", async () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  await expect(
    sendThrough(failing(new TypeError("fetch failed", { cause: refused }))),
  ).rejects.toMatchObject({
    name: "NetworkError",
    code: "network_error",
    request_sent: "no",
    retry: "now",
    message: "The Graph API was not reached; nothing was sent.",
  });
  await expect(sendThrough(failing("not even an error"))).rejects.toMatchObject({
    code: "network_error",
    request_sent: "maybe",
    retry: "ambiguous",
  });
});

test("what Meta says can be stored, NUL and half emoji too", async () => {
  const body = errorBody({ error_data: { details: "bad \0 \uD83D" } });
  await expect(sendThrough(answering(400, body))).rejects.toMatchObject({
    details: "bad \uFFFD \uFFFD",
  });
});

/** A real server for what only a real fetch does; gives a client of it. */
async function clientOfServer(listener: RequestListener, timeout_ms: number) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const base_url = `http://127.0.0.1:${port}`;
  return { server, client: createGraphClient({ access_token: "token-1", base_url, timeout_ms }) };
}

const text = { phone_number_id: "1", to: "4915155501", body: "Hi" };

test("no answer in time: it may have been sent", async () => {
  const { client } = await clientOfServer(() => {}, 50);
  await expect(client.sendText(text)).rejects.toMatchObject({
    code: "network_error",
    request_sent: "maybe",
    message: expect.stringContaining("No answer in 50 ms"),
  });
});

test("an answer that stops half way is cut off by the same timeout", async () => {
  const { client } = await clientOfServer((_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write('{"messages":');
  }, 100);
  await expect(client.sendText(text)).rejects.toMatchObject({
    code: "network_error",
    request_sent: "maybe",
  });
});

test("a connection that breaks after the request: it may have been sent", async () => {
  const { client } = await clientOfServer((request) => request.socket.destroy(), 5_000);
  await expect(client.sendText(text)).rejects.toMatchObject({
    code: "network_error",
    request_sent: "maybe",
  });
});

test("nobody listens: nothing was sent", async () => {
  const { server, client } = await clientOfServer(() => {}, 5_000);
  await new Promise((resolve) => server.close(resolve));
  await expect(client.sendText(text)).rejects.toMatchObject({
    code: "network_error",
    request_sent: "no",
  });
});

test("a redirect is not followed, so neither message nor token goes elsewhere", async () => {
  const seen: string[] = [];
  const { client } = await clientOfServer((request, response) => {
    seen.push(request.url ?? "");
    response.writeHead(307, { location: "/elsewhere" }).end();
  }, 5_000);
  await expect(client.sendText(text)).rejects.toMatchObject({
    code: "unreadable_response",
    http_status: 307,
    request_sent: "no",
  });
  expect(seen).toEqual(["/v26.0/1/messages"]);
});
