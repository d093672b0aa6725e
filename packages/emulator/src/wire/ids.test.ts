import { expect, test } from "vitest";
import { createWamid, deriveBsuid } from "./ids.ts";

test("a wamid decodes to Meta's layout", () => {
  const id = createWamid("16503879439", "inbound");
  const bytes = Buffer.from(id.slice("wamid.".length), "base64").toString("latin1");
  expect(id).toMatch(/^wamid\.HBgLMTY1MDM4Nzk0MzkVAgASGB/);
  expect(bytes.startsWith("\x1c\x18\x0b16503879439\x15\x02\x00\x12\x18\x14")).toBe(true);
  expect(bytes.slice(-21, -1)).toMatch(/^[0-9A-F]{20}$/);
  expect(bytes.at(-1)).toBe("\0");
});

test("ten thousand wamids for one phone are all different", () => {
  const ids = Array.from({ length: 10_000 }, () => createWamid("491701234567", "outbound"));
  expect(new Set(ids).size).toBe(10_000);
});

test("a user id is stable, carries the country and hides the phone", () => {
  const id = deriveBsuid("491701234567");
  expect(id).toBe(deriveBsuid("491701234567"));
  expect(id).toMatch(/^DE\.\d{20}$/);
  expect(id).not.toContain("1701234567");
});
