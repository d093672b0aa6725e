import { expect, test } from "vitest";
import { signBody, verifySignature } from "./signature.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const secrets = [{ id: "main", secret: "an app secret" }];
const body = bytes('{"object":"whatsapp_business_account","entry":[]}');

// RFC 4231, test case 2.
const RFC_4231 = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
// GitHub's documentation of the same scheme, "Validating webhook deliveries".
const GITHUB = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

test.each([
  ["what do ya want for nothing?", "Jefe", RFC_4231],
  ["Hello, World!", "It's a Secret to Everybody", GITHUB],
])("agrees with published vectors: %s", async (text, secret, header) => {
  await expect(signBody(bytes(text), secret)).resolves.toBe(header);
  const result = await verifySignature({
    body: bytes(text),
    header,
    secrets: [{ id: "published", secret }],
  });
  expect(result).toEqual({ ok: true, secret_id: "published" });
});

test("one changed bit anywhere in the body is a mismatch", async () => {
  const header = await signBody(body, "an app secret");
  for (const at of body.keys()) {
    const tampered = Uint8Array.from(body, (byte, index) => (index === at ? byte ^ 1 : byte));
    const result = await verifySignature({ body: tampered, header, secrets });
    expect(result).toEqual({ ok: false, reason: "mismatch" });
  }
});

test("a body cut short or made longer is a mismatch", async () => {
  const header = await signBody(body, "an app secret");
  for (const other of [body.subarray(1), body.subarray(0, -1), bytes(""), bytes("{} ")]) {
    const result = await verifySignature({ body: other, header, secrets });
    expect(result).toEqual({ ok: false, reason: "mismatch" });
  }
});

test("the bytes of a view are signed, not the buffer behind it", async () => {
  const view = bytes("xxHello, World!xx").subarray(2, -2);
  await expect(signBody(view, "It's a Secret to Everybody")).resolves.toBe(GITHUB);
});

test("the signature covers the exact bytes: escaped and literal text differ", async () => {
  const escaped = bytes('{"body":"gr\\u00fc\\u00df"}');
  const header = await signBody(escaped, "an app secret");
  const literal = bytes(JSON.stringify(JSON.parse(new TextDecoder().decode(escaped))));
  expect(await verifySignature({ body: escaped, header, secrets })).toHaveProperty("ok", true);
  expect(await verifySignature({ body: literal, header, secrets })).toHaveProperty("ok", false);
});

test("the digits may be in upper case", async () => {
  const header = await signBody(body, "an app secret");
  const upper = `sha256=${header.slice("sha256=".length).toUpperCase()}`;
  expect(await verifySignature({ body, header: upper, secrets })).toHaveProperty("ok", true);
});

test.each([null, ""])("no header (%j) is missing", async (header) => {
  const result = await verifySignature({ body, header, secrets });
  expect(result).toEqual({ ok: false, reason: "missing" });
});

test.each<(good: string, hex: string) => string>([
  (_good, hex) => hex,
  (_good, hex) => `sha1=${hex}`,
  (_good, hex) => `SHA256=${hex}`,
  (_good, hex) => `sha256:${hex}`,
  (good) => ` ${good}`,
  (good) => `${good} `,
  (good) => `${good}\n`,
  (good) => `${good}00`,
  (good) => `${good}, ${good}`,
  (good) => good.slice(0, -1),
  (good) => good.slice(0, -2),
  () => `sha256=${"g".repeat(64)}`,
  () => "sha256=",
])("a header of any other form is malformed: %s", async (spoil) => {
  const good = await signBody(body, "an app secret");
  const header = spoil(good, good.slice("sha256=".length));
  const result = await verifySignature({ body, header, secrets });
  expect(result).toEqual({ ok: false, reason: "malformed" });
});

test("with two secrets in rotation either verifies, and is named", async () => {
  const both = [
    { id: "old", secret: "the old one" },
    { id: "new", secret: "the new one" },
  ];
  for (const { id, secret } of both) {
    const header = await signBody(body, secret);
    const result = await verifySignature({ body, header, secrets: both });
    expect(result).toEqual({ ok: true, secret_id: id });
  }
  const header = await signBody(body, "a third one");
  expect(await verifySignature({ body, header, secrets: both })).toEqual({
    ok: false,
    reason: "mismatch",
  });
});

test("without a secret nothing verifies, and the reason says whose fault it is", async () => {
  const header = await signBody(body, "an app secret");
  const result = await verifySignature({ body, header, secrets: [] });
  expect(result).toEqual({ ok: false, reason: "no_secrets" });
});

test("an empty secret verifies nothing, a body signed with the empty key neither", async () => {
  // HMAC-SHA256 with the empty key over no bytes.
  const header = "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  const unset = [{ id: "unset", secret: "" }];
  expect(await verifySignature({ body: bytes(""), header, secrets: unset })).toEqual({
    ok: false,
    reason: "no_secrets",
  });
  expect(
    await verifySignature({ body: bytes(""), header, secrets: [...unset, ...secrets] }),
  ).toEqual({ ok: false, reason: "mismatch" });
});
