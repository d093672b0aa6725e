import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bearerToken, resolveCaller, verifyJwt, verifySignature } from "./caller.ts";

const SECRET = "a secret of this test";
const keys = { publishable_key: "sb_publishable_x", secret_key: "sb_secret_x", jwt_secret: SECRET };
const inAnHour = Math.floor(Date.now() / 1000) + 3600;

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function sign(payload: object, { secret = SECRET, alg = "HS256", hash = "sha256" } = {}): string {
  const body = `${encode({ alg, typ: "JWT" })}.${encode(payload)}`;
  return `${body}.${createHmac(hash, secret).update(body).digest("base64url")}`;
}

describe("verifyJwt", () => {
  const claims = { role: "authenticated", sub: "somebody", exp: inAnHour };

  test("returns the claims of a valid token, those it does not know as well", () => {
    expect(verifyJwt(sign({ ...claims, app: { tier: 1 } }), SECRET)).toEqual({
      ...claims,
      app: { tier: 1 },
    });
  });

  const [header, payload, signature] = sign(claims).split(".");
  test.each([
    ["another secret's signature", sign(claims, { secret: "another" })],
    ["alg none with no signature", `${encode({ alg: "none" })}.${payload}.`],
    ["alg none with the right signature", `${encode({ alg: "none" })}.${payload}.${signature}`],
    ["alg HS512", sign(claims, { alg: "HS512", hash: "sha512" })],
    ["claims that were changed", `${header}.${encode({ ...claims, sub: "admin" })}.${signature}`],
    ["a cut signature", sign(claims).slice(0, -2)],
    ["a role that the platform does not give", sign({ ...claims, role: "supabase_admin" })],
    ["no role", sign({ sub: "somebody", exp: inAnHour })],
    ["no expiry", sign({ role: "authenticated", sub: "somebody" })],
    ["four parts", `${sign(claims)}.x`],
    ["a payload that is no JSON", `${header}.e30x.${signature}`],
    ["nothing", ""],
    ["an API key", "sb_secret_x"],
  ])("refuses %s", (_, token) => {
    expect(verifyJwt(token, SECRET)).toBeNull();
  });

  test("refuses a token from the second on in which it expires", () => {
    const token = sign({ ...claims, exp: 1_000 });
    expect(verifyJwt(token, SECRET, 999_999)).not.toBeNull();
    expect(verifyJwt(token, SECRET, 1_000_000)).toBeNull();
  });
});

test("verifySignature takes a token without a role, for signed URLs", () => {
  expect(verifySignature(sign({ bucket: "media", exp: inAnHour }), SECRET)).toMatchObject({
    bucket: "media",
  });
  expect(verifySignature(sign({ bucket: "media", exp: 1 }), SECRET)).toBeNull();
});

describe("resolveCaller", () => {
  const user = sign({ role: "authenticated", sub: "somebody", exp: inAnHour });
  const caller = (headers: Record<string, string>, query = "") =>
    resolveCaller(new Request(`http://x.test/${query}`, { headers }), keys);

  test.each([
    ["the publishable key alone is anon", { apikey: keys.publishable_key }, "anon"],
    ["the secret key alone is service_role", { apikey: keys.secret_key }, "service_role"],
    [
      "a user's token is that user's role",
      { apikey: keys.publishable_key, authorization: `Bearer ${user}` },
      "authenticated",
    ],
    [
      "a user's token beside the secret key lowers it to the user",
      { apikey: keys.secret_key, authorization: `Bearer ${user}` },
      "authenticated",
    ],
    [
      "a key as Bearer, which supabase-js sends along, changes nothing",
      { apikey: keys.publishable_key, authorization: `Bearer ${keys.publishable_key}` },
      "anon",
    ],
  ])("%s", (_, headers, role) => {
    expect(caller(headers)).toMatchObject({ role, claims: { role } });
  });

  test("the key may stand in the query", () => {
    expect(caller({}, `?apikey=${keys.publishable_key}`)?.role).toBe("anon");
  });

  test.each([
    ["no key", {}],
    ["a wrong key", { apikey: "sb_secret_y" }],
    ["a user's token without a key", { authorization: `Bearer ${user}` }],
    ["the secret key as Bearer alone", { authorization: `Bearer ${keys.secret_key}` }],
    [
      "the secret key with a forged token",
      { apikey: keys.secret_key, authorization: `Bearer ${sign({}, { secret: "another" })}` },
    ],
  ])("nobody: %s", (_, headers) => {
    expect(caller(headers)).toBeNull();
  });
});

test("bearerToken reads the scheme in any case, and nothing but Bearer", () => {
  expect(bearerToken("bearer abc")).toBe("abc");
  expect(bearerToken("Basic abc")).toBeNull();
  expect(bearerToken("Bearer a b")).toBeNull();
  expect(bearerToken(null)).toBeNull();
});
