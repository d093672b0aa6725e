import { signBody } from "@wabase/cloud-api";
import { DatabaseError } from "@wabase/database";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createWebhookHandler } from "./handler.ts";
import type { Delivery, Ingest } from "./ingest.ts";

const BODY = JSON.stringify({ object: "whatsapp_business_account", entry: [{ changes: [] }] });

/** A handler whose database is a list. */
function setUp(environment: Record<string, string>, ingest?: Ingest) {
  const stored: Delivery[] = [];
  const store: Ingest = async (delivery) => {
    stored.push(delivery);
    return { journal_id: stored.length, events: delivery.events.length, kept: {} };
  };
  return { stored, handle: createWebhookHandler(environment, () => ingest ?? store) };
}

async function post(body: string, secret: string): Promise<Request> {
  const signature = await signBody(new TextEncoder().encode(body), secret);
  return new Request("http://localhost/whatsapp-webhook", {
    method: "POST",
    headers: { "x-hub-signature-256": signature },
    body,
  });
}

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  for (const method of ["error", "warn", "log"] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => void lines.push(String(line)));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("several app secrets, so that one can be rotated", () => {
  const environment = { WHATSAPP_APP_SECRETS: '{"old": "first", "new": "second"}' };

  test.each([
    ["first", "old"],
    ["second", "new"],
  ])("a body signed with «%s» is stored under its name %s", async (secret, secret_id) => {
    const { handle, stored } = setUp(environment);
    const answer = await handle(await post(BODY, secret));
    expect(answer.status).toBe(200);
    expect(stored).toMatchObject([{ secret_id, body: BODY }]);
  });

  test("a body signed with none of them is refused", async () => {
    const { handle, stored } = setUp(environment);
    expect((await handle(await post(BODY, "third"))).status).toBe(401);
    expect(stored).toEqual([]);
  });

  test.each(["{first", '{"old": ""}', "{}", '["first"]'])(
    "WHATSAPP_APP_SECRETS=%s is a configuration error that names it, and quotes no secret",
    async (WHATSAPP_APP_SECRETS) => {
      const { handle, stored } = setUp({ WHATSAPP_APP_SECRETS, WHATSAPP_APP_SECRET: "first" });
      const answer = await handle(await post(BODY, "first"));
      const text = await answer.text();
      expect(answer.status).toBe(500);
      expect(text).toContain("WHATSAPP_APP_SECRETS");
      expect(text + lines.join("\n")).not.toContain("first");
      expect(stored).toEqual([]);
    },
  );

  test("without any secret nothing is let in, least of all what is signed with the empty one", async () => {
    for (const unset of [{}, { WHATSAPP_APP_SECRET: "" }]) {
      const { handle, stored } = setUp(unset);
      const request = new Request("http://localhost/", { method: "POST", body: BODY });
      expect((await handle(request)).status).toBe(500);
      expect(stored).toEqual([]);
    }
  });
});

/** A POST of so many chunks of 1 MB, and how far it was read. */
function chunked(chunks: number, headers: Record<string, string> = {}) {
  const chunk = new Uint8Array(1024 * 1024);
  const read = { chunks: 0, is_cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read.chunks += 1;
        if (read.chunks > chunks) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => void (read.is_cancelled = true),
    },
    { highWaterMark: 0 },
  );
  const init: RequestInit & { duplex: "half" } = {
    method: "POST",
    body,
    headers,
    duplex: "half",
  };
  return { read, request: new Request("http://localhost/", init) };
}

describe("the size of a body", () => {
  const environment = { WHATSAPP_APP_SECRET: "secret" };

  test("over 3 MB that is not declared is read no further than that", async () => {
    const { request, read } = chunked(50);
    const answer = await setUp(environment).handle(request);
    expect(answer.status).toBe(413);
    expect(read).toEqual({ chunks: 4, is_cancelled: true });
  });

  test("over 3 MB that is declared is not read at all", async () => {
    const { request, read } = chunked(50, { "content-length": "52428800" });
    const answer = await setUp(environment).handle(request);
    expect(answer.status).toBe(413);
    expect(read).toEqual({ chunks: 0, is_cancelled: true });
  });

  test("exactly 3 MB is let in", async () => {
    const { handle, stored } = setUp(environment);
    const body = JSON.stringify("x".repeat(3 * 1024 * 1024 - 2));
    expect((await handle(await post(body, "secret"))).status).toBe(200);
    expect(stored).toHaveLength(1);
  });
});

const failure = (code: string, http_status: number) =>
  new DatabaseError(
    { code, message: "Failing row contains (Two loaves, please)", details: null, hint: null },
    http_status,
  );

describe("when it cannot be stored", () => {
  const environment = { WHATSAPP_APP_SECRET: "secret" };
  test.each([
    ["the database is down", failure("", 0), "the database does not answer"],
    ["the database refuses it", failure("23514", 400), "database error 23514"],
    ["the answer makes no sense", new TypeError("Two loaves, please"), "TypeError"],
  ])("because %s: 503, and the log holds a code and no text", async (_, error, reason) => {
    const { handle } = setUp(environment, () => Promise.reject(error));
    const answer = await handle(await post(BODY, "secret"));
    expect(answer.status).toBe(503);
    expect(lines).toEqual([`webhook not stored: ${reason}`]);
    expect(await answer.text()).not.toContain("loaves");
  });
});

test("what a deadlock rolled back is tried again at once, twice, before Meta is asked to", async () => {
  for (const [failures, status] of [
    [1, 200],
    [2, 200],
    [3, 503],
  ] as const) {
    let calls = 0;
    const { handle } = setUp({ WHATSAPP_APP_SECRET: "secret" }, () => {
      calls += 1;
      if (calls > failures) return Promise.resolve({ journal_id: 1, events: 1, kept: {} });
      const deadlock = { code: "40P01", message: "deadlock", details: null, hint: null };
      return Promise.reject(new DatabaseError(deadlock, 500));
    });
    expect((await handle(await post(BODY, "secret"))).status).toBe(status);
    expect(calls).toBe(Math.min(failures + 1, 3));
  }
});

test("what is kept is told to the operator by its reason alone", async () => {
  const { handle } = setUp({ WHATSAPP_APP_SECRET: "secret" }, () =>
    Promise.resolve({ journal_id: 7, events: 3, kept: { unknown_number: 2, invalid: 1 } }),
  );
  await handle(await post(BODY, "secret"));
  expect(lines).toEqual(["webhook 7: kept in the journal: 2 × unknown_number, 1 × invalid"]);
});

describe("the app secrets of tenants", () => {
  const change = (phone_number_id: string | null) => ({
    field: "messages",
    value: {
      messaging_product: "whatsapp",
      metadata: { display_phone_number: "15550100000", phone_number_id },
      statuses: [],
    },
  });
  const bodyOf = (waba_id: string, ...phone_number_ids: (string | null)[]) =>
    JSON.stringify({
      object: "whatsapp_business_account",
      entry: [{ id: waba_id, changes: phone_number_ids.map(change) }],
    });
  const tenants = [
    { tenant_id: "a", app_secret: "of a", phone_number_ids: ["1", "2"], waba_ids: ["10"] },
    { tenant_id: "b", app_secret: "of b", phone_number_ids: ["3"], waba_ids: [] },
  ];

  function setUpTenants(environment: Record<string, string>, known = tenants) {
    const terms: number[] = [];
    const stored: Delivery[] = [];
    const handle = createWebhookHandler(
      environment,
      () => async (delivery) => {
        stored.push(delivery);
        return { journal_id: 1, events: delivery.events.length, kept: {} };
      },
      (term_ms) => {
        terms.push(term_ms);
        return Promise.resolve({ verify_tokens: ["theirs"], tenants: known });
      },
    );
    return { terms, stored, handle };
  }

  test("are not asked for where the environment's fits", async () => {
    const { handle, terms } = setUpTenants({ WHATSAPP_APP_SECRET: "ours" });
    expect((await handle(await post(bodyOf("10", "9"), "ours"))).status).toBe(200);
    expect(terms).toEqual([]);
  });

  test.each([
    { about: "its number", body: bodyOf("99", "1"), secret: "of a", status: 200 },
    { about: "several of its numbers", body: bodyOf("10", "1", "2"), secret: "of a", status: 200 },
    { about: "its account", body: bodyOf("10", null), secret: "of a", status: 200 },
    { about: "another tenant's number", body: bodyOf("10", "3"), secret: "of a", status: 401 },
    {
      about: "its and another's number",
      body: bodyOf("10", "1", "3"),
      secret: "of a",
      status: 401,
    },
    { about: "a number of the other's", body: bodyOf("10", "1"), secret: "of b", status: 401 },
    { about: "a number that nobody has", body: bodyOf("10", "4"), secret: "of a", status: 401 },
    { about: "an account not its own", body: bodyOf("11", null), secret: "of a", status: 401 },
    { about: "nothing", body: "{}", secret: "of a", status: 401 },
    { about: "no JSON", body: "[", secret: "of a", status: 401 },
  ])("answer $status about $about, signed «$secret»", async ({ body, secret, status }) => {
    for (const environment of [{}, { WHATSAPP_APP_SECRET: "ours" }]) {
      const { handle, stored } = setUpTenants(environment);
      expect((await handle(await post(body, secret))).status).toBe(status);
      expect(stored).toHaveLength(status === 200 ? 1 : 0);
    }
  });

  test("are read anew before a refusal: one may have been stored since", async () => {
    const { handle, terms } = setUpTenants({ WHATSAPP_APP_SECRET: "ours" });
    await handle(await post(bodyOf("10", "1"), "not yet known"));
    expect(terms).toEqual([60_000, 5_000]);
  });

  test("without one, a body is not even parsed, and a missing signature asks nobody", async () => {
    const { handle, terms } = setUpTenants({ WHATSAPP_APP_SECRET: "ours" }, []);
    expect((await handle(await post("[", "x"))).status).toBe(401);
    const unsigned = new Request("http://localhost/", { method: "POST", body: "{}" });
    terms.length = 0;
    expect((await handle(unsigned)).status).toBe(401);
    expect(terms).toEqual([]);
  });

  test("when they cannot be read, Meta is asked to send it again", async () => {
    const handle = createWebhookHandler(
      { WHATSAPP_APP_SECRET: "ours" },
      () => () => Promise.reject(new Error("not reached")),
      () =>
        Promise.reject(new DatabaseError({ code: "", message: "", details: null, hint: null }, 0)),
    );
    expect((await handle(await post(bodyOf("10", "1"), "of a"))).status).toBe(503);
    const verify = "hub.mode=subscribe&hub.verify_token=theirs&hub.challenge=1";
    expect((await handle(new Request(`http://localhost/?${verify}`))).status).toBe(503);
  });

  test("the verify token of one passes the handshake, another does not", async () => {
    for (const environment of [{}, { WHATSAPP_VERIFY_TOKEN: "ours" }]) {
      const { handle } = setUpTenants(environment);
      const shake = async (token: string) =>
        await handle(
          new Request(
            `http://localhost/?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1`,
          ),
        );
      expect((await shake("theirs")).status).toBe(200);
      expect((await shake("guessed")).status).toBe(403);
    }
  });
});
