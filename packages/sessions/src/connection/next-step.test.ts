import { describe, expect, test } from "vitest";
import type { Closing } from "./closing.ts";
import { type Circumstances, nextStep, RECONNECT_TIMES } from "./next-step.ts";

const circumstances: Circumstances = {
  is_paired: true,
  failures: 0,
  replaced: 0,
  times: RECONNECT_TIMES,
  random: 0.5,
};

function whatsapp(code: number): Closing {
  return { code, reason: "", is_from_whatsapp: true };
}

function network(code: number): Closing {
  return { code, reason: "", is_from_whatsapp: false };
}

describe("what follows when a socket ends", () => {
  test.each([
    ["515: at once", whatsapp(515), { kind: "reopen", after_ms: 0 }],
    ["401: the session is deleted", whatsapp(401), { kind: "delete" }],
    ["402, a ban for a time", whatsapp(402), { kind: "stop", state: "blocked" }],
    ["403, a ban", whatsapp(403), { kind: "stop", state: "blocked" }],
    ["405, an old client", whatsapp(405), { kind: "stop", state: "blocked" }],
    ["406", whatsapp(406), { kind: "stop", state: "blocked" }],
    ["411", whatsapp(411), { kind: "stop", state: "blocked" }],
    ["440: only if the lease is ours", whatsapp(440), { kind: "reopen_if_ours", after_ms: 30_000 }],
    ["500", whatsapp(500), { kind: "reopen", after_ms: 750 }],
    ["503", whatsapp(503), { kind: "reopen", after_ms: 750 }],
    ["a network that is gone", network(408), { kind: "reopen", after_ms: 750 }],
    ["no reason at all", network(0), { kind: "reopen", after_ms: 750 }],
  ])("%s", (_, closing, step) => {
    expect(nextStep(closing, circumstances)).toEqual(step);
  });

  test.each([401, 403, 405, 440, 515])(
    "an HTTP answer of %d by whatever stands in between deletes and stops nothing",
    (code) => {
      expect(nextStep(network(code), circumstances)).toEqual({ kind: "reopen", after_ms: 750 });
    },
  );

  test("440 for the third time in a row: somebody insists, and we stop", () => {
    const twice = { ...circumstances, replaced: 2 };
    expect(nextStep(whatsapp(440), twice)).toEqual({ kind: "stop", state: "replaced" });
  });

  test("the codes of a new session have expired: it stops, and is not paired behind anybody's back", () => {
    const unpaired = { ...circumstances, is_paired: false };
    expect(nextStep(network(408), unpaired)).toEqual({ kind: "stop", state: "stopped" });
  });

  test("waits double up to a limit, and half of each is chance", () => {
    const waits = [0, 1, 2, 5, 6, 7, 100, 10_000].map((failures) =>
      [0, 0.999].map((random) => {
        const step = nextStep(whatsapp(503), { ...circumstances, failures, random });
        return step.kind === "reopen" ? Math.round(step.after_ms / 500) * 500 : 0;
      }),
    );
    expect(waits).toEqual([
      [500, 1_000],
      [1_000, 2_000],
      [2_000, 4_000],
      [16_000, 32_000],
      [30_000, 60_000],
      [30_000, 60_000],
      [30_000, 60_000],
      [30_000, 60_000],
    ]);
  });
});
