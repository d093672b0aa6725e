import { inspect } from "node:util";
import { expect, test } from "vitest";
import { createGraphClient } from "./client.ts";
import { createRedactor, redactError } from "./redact.ts";
import { answering, failing, type FakeServer } from "./test-server.ts";

const access_token = "EAAx4711TopSecretTokenOfTheBusiness";

/** Everything of an error that a log might show: properties, own and not enumerable, stacks and causes. */
function everythingOf(error: unknown): string {
  const seen = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)];
  for (let current = error; current instanceof Error; current = current.cause) {
    seen.push(String(current), current.stack ?? "", JSON.stringify(Object.entries(current)));
  }
  return seen.join("\n");
}

async function errorOf(server: FakeServer): Promise<unknown> {
  const client = createGraphClient({ access_token, fetch: server.fetch });
  const send = client.sendText({ phone_number_id: "1", to: "4915155501", body: "Hi" });
  return send.then(
    () => null,
    (error: unknown) => error,
  );
}

const quoting = `Bearer ${access_token} is bad`;

test.each([
  [
    "Meta quotes it",
    answering(401, { error: { code: 190, message: quoting, fbtrace_id: quoting } }),
  ],
  ["in the details", answering(400, { error: { code: 100, error_data: { details: quoting } } })],
  ["a page quotes it", answering(502, `<html>${quoting}</html>`)],
  ["as a key", answering(200, { [access_token]: 1, messages: [{ [access_token]: quoting }] })],
  ["the runtime quotes it", failing(new TypeError(`Headers.append: "${quoting}"`))],
  ["in a cause", failing(new TypeError("fetch failed", { cause: new Error(quoting) }))],
  ["in a code", failing(Object.assign(new Error("x"), { code: access_token, name: access_token }))],
  [
    "in a request that a fetch hangs on its error",
    failing(Object.assign(new Error("x"), { request: { headers: { authorization: quoting } } })),
  ],
  ["thrown as text", failing(quoting)],
])("no error shows the access token: %s", async (_name, server) => {
  const error = await errorOf(server);
  expect(error).toBeInstanceOf(Error);
  expect(everythingOf(error)).not.toContain(access_token);
});

test("the client itself does not show it", () => {
  const client = createGraphClient({ access_token });
  expect(inspect(client, { depth: 10, showHidden: true })).not.toContain(access_token);
  expect(JSON.stringify(client)).toBe('{"media":{},"templates":{},"numbers":{}}');
});

test("other tokens of Meta's are hidden too, ordinary words are not", () => {
  const redact = createRedactor("token-1");
  expect(redact(`Malformed access token EAAGm0PX4ZCpsBAKZCt5rYwZDZD token-1`)).toBe(
    "Malformed access token [access token] [access token]",
  );
  expect(redact("EARLY closing, EACH day")).toBe("EARLY closing, EACH day");
});

test("a redacted error keeps names, codes and causes to a depth", () => {
  const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const copy = redactError(new TypeError("fetch failed", { cause }), createRedactor("t0ken"));
  expect(copy.message).toBe("TypeError: fetch failed");
  expect(copy.cause).toMatchObject({ message: "Error: read ECONNRESET (ECONNRESET)" });
  const loop = new Error("loop");
  loop.cause = loop;
  expect(redactError(loop, createRedactor("t0ken")).message).toBe("Error: loop");
});
