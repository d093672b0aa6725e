import { expect, test } from "vitest";
import { verifyHandshake } from "./verification.ts";

function handshake(query: Record<string, string>): URL {
  return new URL(`https://project.example/webhook?${new URLSearchParams(query)}`);
}

const valid = {
  "hub.mode": "subscribe",
  "hub.verify_token": "grüße & more",
  "hub.challenge": "1158201444",
};

test("the right token gets the challenge back, whatever characters it has", async () => {
  const result = await verifyHandshake(handshake(valid), "grüße & more");
  expect(result).toEqual({ ok: true, challenge: "1158201444" });
});

test.each([
  ["wrong_token", { ...valid, "hub.verify_token": "grüße & mor" }],
  ["wrong_token", { ...valid, "hub.verify_token": "" }],
  ["wrong_mode", { ...valid, "hub.mode": "unsubscribe" }],
  ["no_challenge", { ...valid, "hub.challenge": "" }],
  ["wrong_mode", {}],
  ["wrong_token", { "hub.mode": "subscribe" }],
])("refuses with %s: %j", async (reason, query) => {
  const result = await verifyHandshake(handshake(query), "grüße & more");
  expect(result).toEqual({ ok: false, reason });
});

test("a token that is not configured matches nothing, the empty one neither", async () => {
  const result = await verifyHandshake(handshake({ ...valid, "hub.verify_token": "" }), "");
  expect(result).toEqual({ ok: false, reason: "not_configured" });
});

test("none of 1,000 other tokens gets in, however their digests happen to agree", async () => {
  const results = await Promise.all(
    Array.from({ length: 1_000 }, (_, at) =>
      verifyHandshake(handshake({ ...valid, "hub.verify_token": `${at}` }), "the token"),
    ),
  );
  expect(results.filter((result) => result.ok)).toEqual([]);
});
