import { describe, expect, test } from "vitest";
import { createPatientFetch } from "./patient-fetch.ts";

/** Answers these in turn, the last one for ever. */
function answers(...list: (Response | Error)[]) {
  const times: number[] = [];
  const inner: typeof fetch = async () => {
    times.push(performance.now());
    const answer = list[Math.min(times.length, list.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer?.clone() ?? new Response();
  };
  return { inner, times };
}

const limited = (status: number, seconds?: string): Response =>
  new Response(null, { status, headers: seconds === undefined ? {} : { "retry-after": seconds } });

describe("limits of Supabase", () => {
  test("are waited out as long as the server says", async () => {
    const { inner, times } = answers(limited(429, "1"), limited(503), new Response("done"));
    const response = await createPatientFetch({ fetch: inner })("https://x.test");
    expect(await response.text()).toBe("done");
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(990);
    expect(third - second).toBeGreaterThanOrEqual(100);
  });

  test("a connection that breaks is tried again, an answer that says no is not", async () => {
    const broken = answers(new TypeError("fetch failed"), new Response("done"));
    expect((await createPatientFetch({ fetch: broken.inner })("https://x.test")).status).toBe(200);
    for (const status of [400, 401, 403, 404, 409, 413]) {
      const { inner, times } = answers(limited(status));
      expect((await createPatientFetch({ fetch: inner })("https://x.test")).status).toBe(status);
      expect(times).toHaveLength(1);
    }
  });

  test("are not waited for longer than allowed: the answer is what it is", async () => {
    const { inner, times } = answers(limited(429, "3600"));
    const response = await createPatientFetch({ fetch: inner, max_wait_ms: 500 })("https://x.test");
    expect(response.status).toBe(429);
    expect(times).toHaveLength(1);
  });

  test("a request that hangs is given up", async () => {
    const inner: typeof fetch = async (_input, init) => {
      await new Promise((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(new Error("timed out")));
      });
      return new Response();
    };
    const patient = createPatientFetch({ fetch: inner, timeout_ms: 30, max_wait_ms: 100 });
    await expect(patient("https://x.test")).rejects.toThrow("timed out");
  });
});
