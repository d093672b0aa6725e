import { describe, expect, test } from "vitest";
import { graphErrorCodes, type SendAction } from "./error-codes.ts";
import {
  GraphApiError,
  InvalidRequestError,
  NetworkError,
  UnreadableResponseError,
} from "./errors.ts";
import { decideSend, findSendPolicy, sendPolicies, type SendDecision } from "./send-policy.ts";

const MINUTE = 60_000;

function refusal(graph_code: number, more: { http_status?: number; is_transient?: boolean } = {}) {
  return new GraphApiError({
    http_status: 400,
    is_transient: false,
    ...more,
    graph_code,
    message: `(#${graph_code}) Meta's words`,
    details: "More of them",
    fbtrace_id: null,
  });
}

/** Without jitter. */
function decide(error: unknown, attempt = 1): SendDecision {
  return decideSend(error, { attempt, random: () => 0 });
}

type Row = [code: number, action: SendAction, wait?: number | null];

/** Every code of Meta's table: what is done, and after how long (a delay, or the end of a pause). */
const TABLE: Row[] = [
  [0, "pause_number", 15 * MINUTE],
  [190, "pause_number", 15 * MINUTE],
  [3, "pause_number", 5 * MINUTE],
  [10, "pause_number", 5 * MINUTE],
  [200, "pause_number", 5 * MINUTE],
  [299, "pause_number", 5 * MINUTE],
  [131005, "pause_number", 5 * MINUTE],
  [1, "unknown", MINUTE],
  [2, "unknown", MINUTE],
  [131000, "unknown", MINUTE],
  [131016, "unknown", MINUTE],
  [133004, "unknown", MINUTE],
  [2494100, "unknown", MINUTE],
  [131057, "retry_number", MINUTE],
  [4, "retry_number", MINUTE],
  [80007, "retry_number", MINUTE],
  [130429, "retry_number", 1000],
  [131056, "retry_recipient", 4000],
  [131048, "pause_number", null],
  [131064, "never"],
  [131049, "never"],
  [131050, "never"],
  [131047, "never"],
  [131026, "never"],
  [130472, "never"],
  [130497, "never"],
  [130403, "never"],
  [131021, "never"],
  [131030, "never"],
  [131008, "never"],
  [131009, "never"],
  [100, "never"],
  [33, "never"],
  [135000, "never"],
  [131051, "never"],
  [131052, "never"],
  [131053, "never"],
  [131062, "never"],
  [131055, "never"],
  [131063, "never"],
  [134100, "never"],
  [134101, "pause_template", 10 * MINUTE],
  [134102, "never"],
  [131020, "never"],
  [131037, "pause_number", 15 * MINUTE],
  [131045, "pause_number", 15 * MINUTE],
  [133010, "pause_number", 15 * MINUTE],
  [133006, "pause_number", 15 * MINUTE],
  [133015, "pause_number", 15 * MINUTE],
  [133016, "never"],
  [131042, "pause_number", 15 * MINUTE],
  [134011, "never"],
  [131031, "pause_number", null],
  [368, "pause_number", null],
  [132000, "never"],
  [132012, "never"],
  [132018, "never"],
  [132001, "never"],
  [132005, "never"],
  [132007, "never"],
  [132015, "pause_template", null],
  [132016, "pause_template", null],
  [132068, "never"],
  [132069, "never"],
  [131035, "never"],
  [131036, "never"],
  [137000, "never"],
  [139200, "never"],
  [2388318, "never"],
  [2388330, "never"],
];

describe("each code of Meta's table leads to its action", () => {
  test.each(TABLE)("%i: %s", (code, action, wait) => {
    const decision = decide(refusal(code));
    expect(decision).toMatchObject({
      action,
      error: {
        code,
        title: "Meta's words",
        message: `(#${code}) Meta's words`,
        details: "More of them",
      },
    });
    const after = "delay_ms" in decision ? decision.delay_ms : undefined;
    const until = "resume_after_ms" in decision ? decision.resume_after_ms : undefined;
    expect(after ?? until).toBe(wait);
    expect("reason" in decision ? decision.reason : "-").toMatch(/\S/);
  });

  test("no code is left out here", () => {
    const tested = new Set(TABLE.map(([code]) => code));
    expect(graphErrorCodes.map(({ code }) => code).filter((code) => !tested.has(code))).toEqual([]);
    expect(sendPolicies.map(({ code }) => code)).toEqual(graphErrorCodes.map(({ code }) => code));
  });
});

describe("what is not in the table", () => {
  test.each<[number, boolean, SendAction]>([
    [400, false, "never"],
    [400, true, "retry"],
    [404, false, "never"],
    [429, false, "retry_number"],
    [500, false, "unknown"],
    [500, true, "unknown"],
    [503, false, "unknown"],
  ])("an unknown code with HTTP %i, transient %s: %s", (http_status, is_transient, action) => {
    expect(findSendPolicy(424_242)).toBeNull();
    expect(decide(refusal(424_242, { http_status, is_transient })).action).toBe(action);
  });

  test.each<[number, SendAction]>([
    [200, "unknown"],
    [302, "never"],
    [403, "never"],
    [408, "unknown"],
    [429, "retry_number"],
    [502, "unknown"],
  ])("an answer that is not Meta's, HTTP %i: %s", (http_status, action) => {
    const decision = decide(new UnreadableResponseError(http_status, "it is not JSON"));
    expect(decision).toMatchObject({ action, error: { code: "unreadable_response" } });
  });

  test("without an answer it counts whether the request can have left", () => {
    const never_left = new NetworkError("not reached", { request_sent: "no" });
    expect(decide(never_left)).toMatchObject({ action: "retry", delay_ms: 2000 });
    const may_have_left = new NetworkError("broke", { request_sent: "maybe" });
    expect(decide(may_have_left)).toMatchObject({
      action: "unknown",
      error: { code: "network_error", message: "broke", details: null },
    });
  });

  test("what this side refused is never sent; what nobody foresaw may have been", () => {
    expect(decide(new InvalidRequestError("to: is wrong"))).toMatchObject({
      action: "never",
      reason: "to: is wrong",
    });
    for (const surprise of [new TypeError("secret text of a message"), "oops", null, undefined]) {
      const decision = decide(surprise);
      expect(decision).toMatchObject({ action: "unknown", error: { code: "unexpected" } });
      expect(JSON.stringify(decision)).not.toContain("secret");
    }
  });
});

test("Meta's is_transient turns never into retry, and changes no pause and no unknown", () => {
  const transient = (code: number) => decide(refusal(code, { is_transient: true })).action;
  expect(transient(131009)).toBe("retry");
  expect(transient(131048)).toBe("pause_number");
  expect(transient(131000)).toBe("unknown");
  expect(transient(131056)).toBe("retry_recipient");
});

describe("delays", () => {
  const delays = (error: unknown, attempts: number[]) =>
    attempts.map((attempt) => {
      const decision = decide(error, attempt);
      return "delay_ms" in decision ? decision.delay_ms : null;
    });

  test("grow with the attempts, to a limit", () => {
    const unreached = new NetworkError("not reached", { request_sent: "no" });
    expect(delays(unreached, [1, 2, 3, 8, 9, 29])).toEqual([
      2000, 4000, 8000, 256_000, 300_000, 300_000,
    ]);
    // Meta's own: 4^X seconds.
    expect(delays(refusal(131056), [1, 2, 3, 4, 5, 50])).toEqual([
      4000,
      16_000,
      64_000,
      256_000,
      1_024_000,
      64 * MINUTE,
    ]);
    expect(delays(refusal(130429), [1, 2, 10, 1000])).toEqual([1000, 2000, MINUTE, MINUTE]);
  });

  test("are never shorter for the jitter, and at most half as long again", () => {
    const unreached = new NetworkError("not reached", { request_sent: "no" });
    const delay = (random: number) => decideSend(unreached, { attempt: 1, random: () => random });
    expect(delay(0)).toMatchObject({ delay_ms: 2000 });
    expect(delay(0.5)).toMatchObject({ delay_ms: 2500 });
    expect(delay(1)).toMatchObject({ delay_ms: 3000 });
    expect(decideSend(unreached, { attempt: 1 })).toMatchObject({ action: "retry" });
  });
});

describe("giving up", () => {
  test("what cannot be reached is given up in the end, with the reason", () => {
    const unreached = new NetworkError("not reached", { request_sent: "no" });
    expect(decide(unreached, 29).action).toBe("retry");
    expect(decide(unreached, 30)).toMatchObject({
      action: "never",
      reason: "not reached Given up after 30 attempts.",
    });
  });

  test("one message that may not be sent does not stop its number for ever", () => {
    expect(decide(refusal(10), 2).action).toBe("pause_number");
    expect(decide(refusal(10), 3).action).toBe("never");
    expect(decide(refusal(250), 3).action).toBe("never");
  });

  test("limits and pauses are waited for, however often", () => {
    for (const code of [130429, 131056, 131048, 132015, 190]) {
      expect(decide(refusal(code), 1000).action).not.toBe("never");
    }
  });
});
