import { describe, expect, test } from "vitest";
import { readClosing } from "./closing.ts";

function boom(message: string, statusCode: number): Error {
  return Object.assign(new Error(message), { output: { statusCode } });
}

describe("how a socket ended", () => {
  test.each([
    [boom("Stream Errored (conflict)", 440), 440, true],
    [boom("Connection Failure", 401), 401, true],
    [boom("WebSocket Error (Unexpected server response: 401)", 401), 401, false],
    [boom("HTTP answer instead of a web socket", 503), 503, false],
    [boom("Intentional Logout", 401), 401, false],
    [boom("QR refs attempts ended", 408), 408, false],
    [boom("Connection Terminated", 428), 428, false],
    [new Error("something else"), 0, false],
    [undefined, 0, false],
    [Object.assign(new Error("odd"), { output: { statusCode: "401" } }), 0, false],
  ])("%s is %d", (error, code, is_from_whatsapp) => {
    expect(readClosing(error)).toMatchObject({ code, is_from_whatsapp });
  });

  test("says what WhatsApp means, and does not say so of a proxy's answer", () => {
    expect(readClosing(boom("Stream Errored (x)", 401)).reason).toContain("removed on the phone");
    expect(readClosing(boom("WebSocket Error (x)", 401)).reason).toBe(
      "the connection failed (401)",
    );
  });
});
