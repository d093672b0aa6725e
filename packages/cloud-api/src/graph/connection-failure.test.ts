import { expect, test } from "vitest";
import { classifyConnectionFailure } from "./connection-failure.ts";

// Shapes as Node 24.21 and Deno 2.9 throw them.
const node = (message: string, parts: object) =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(message), parts) });
const deno = (message: string) => new TypeError("fetch failed", { cause: new Error(message) });
const denoConnect =
  "error sending request for url (https://graph.example/): client error (Connect)";
const refused = Object.assign(new Error("connect ECONNREFUSED ::1:443"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});
const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });

test.each([
  ["refused", node("connect ECONNREFUSED", { code: "ECONNREFUSED", syscall: "connect" })],
  ["no such host", node("getaddrinfo ENOTFOUND", { code: "ENOTFOUND", syscall: "getaddrinfo" })],
  ["DNS down", node("getaddrinfo EAI_AGAIN", { code: "EAI_AGAIN", syscall: "getaddrinfo" })],
  ["unreachable", node("connect EHOSTUNREACH", { code: "EHOSTUNREACH", syscall: "connect" })],
  ["TCP timeout", node("connect ETIMEDOUT", { code: "ETIMEDOUT", syscall: "connect" })],
  ["undici's timeout", node("Connect Timeout Error", { code: "UND_ERR_CONNECT_TIMEOUT" })],
  ["certificate", node("self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })],
  ["all addresses", new TypeError("fetch failed", { cause: new AggregateError([refused]) })],
  ["Deno, refused", deno(`${denoConnect}: tcp connect error: Connection refused (os error 111)`)],
  ["Deno, no such host", deno(`${denoConnect}: dns error: failed to lookup address information`)],
  ["Deno, certificate", deno(`${denoConnect}: invalid peer certificate: UnknownIssuer`)],
  ["Deno 2.1, one level", new TypeError(`${denoConnect}: tcp connect error`)],
  ["Deno 1.40", new TypeError("error sending request: error trying to connect: dns error")],
  ["Deno, not allowed", Object.assign(new Error("Requires net access"), { name: "NotCapable" })],
])("nothing was sent: %s", (_name, error) => {
  expect(classifyConnectionFailure(error)).toBe("no");
});

test.each([
  ["timeout", new DOMException("The operation was aborted due to timeout", "TimeoutError")],
  ["reset", node("read ECONNRESET", { code: "ECONNRESET", syscall: "read" })],
  ["closed", node("other side closed", { code: "UND_ERR_SOCKET" })],
  ["no headers in time", node("Headers Timeout Error", { code: "UND_ERR_HEADERS_TIMEOUT" })],
  [
    "unreachable while reading",
    node("read EHOSTUNREACH", { code: "EHOSTUNREACH", syscall: "read" }),
  ],
  ["no answer in TCP", node("read ETIMEDOUT", { code: "ETIMEDOUT", syscall: "read" })],
  ["mixed", new TypeError("fetch failed", { cause: new AggregateError([refused, reset]) })],
  ["nothing in it", new TypeError("fetch failed", { cause: new AggregateError([]) })],
  ["Deno, reset", deno("Connection reset by peer (os error 104)")],
  ["Deno, closed", deno("client error (SendRequest): connection closed before message completed")],
  ["Workers", new Error("Network connection lost.")],
  ["no error at all", "oops"],
  ["nothing", undefined],
])("it may have been sent: %s", (_name, error) => {
  expect(classifyConnectionFailure(error)).toBe("maybe");
});

test("an error that is its own cause is answered", () => {
  const error = new Error("loop");
  error.cause = error;
  expect(classifyConnectionFailure(error)).toBe("maybe");
});
