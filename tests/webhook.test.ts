import { createHmac, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { countJournaled, keptEvents } from "./support/rows.ts";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

const url = `${inject("workbench").url}/functions/v1/whatsapp-webhook`;
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const outcomeSchema = z.object({
  journal_id: z.number(),
  events: z.number(),
  kept: z.record(z.string(), z.number()),
});

async function shake(query: Record<string, string>): Promise<Response> {
  return await fetch(`${url}?${new URLSearchParams(query).toString()}`);
}

describe("the handshake", () => {
  const right = {
    "hub.mode": "subscribe",
    "hub.verify_token": inject("workbench").verify_token,
    "hub.challenge": "1158201444",
  };

  test("with the right token answers the challenge as plain text, never as HTML", async () => {
    const answer = await shake({ ...right, "hub.challenge": "<b>1158201444</b>" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await answer.text()).toBe("<b>1158201444</b>");
  });

  test.each([
    ["a wrong token", { "hub.verify_token": "guessed" }, "wrong_token"],
    ["an empty token", { "hub.verify_token": "" }, "wrong_token"],
    ["another mode", { "hub.mode": "unsubscribe" }, "wrong_mode"],
    ["no challenge", { "hub.challenge": "" }, "no_challenge"],
  ])("with %s is refused with 403 and does not echo the challenge", async (_, wrong, code) => {
    const answer = await shake({ ...right, ...wrong });
    const body = await answer.text();
    expect(answer.status).toBe(403);
    expect(errorSchema.parse(JSON.parse(body)).error.code).toBe(code);
    expect(body).not.toContain(right["hub.challenge"]);
  });

  test("without any query is refused with 403", async () => {
    expect((await shake({})).status).toBe(403);
  });
});

/** A body that is journaled when it is let in, and the mark by which to find it. */
function acceptable(): { body: string; marker: string } {
  const marker = newWamid();
  const body = textWebhook(tenant.phone_number_id, [{ from: newPhone(), id: marker }]);
  return { body, marker };
}

function sign(body: string): string {
  const digest = createHmac("sha256", inject("workbench").app_secret).update(body).digest("hex");
  return `sha256=${digest}`;
}

describe("who may post", () => {
  const refusals = [
    ["without a signature", () => null, "signature_missing"],
    ["signed with another secret", () => undefined, "signature_mismatch"],
    ["with a signature of other bytes", (body: string) => sign(`${body} `), "signature_mismatch"],
    [
      "with a signature cut short",
      (body: string) => sign(body).slice(0, -1),
      "signature_malformed",
    ],
    ["signed by SHA-1", () => `sha1=${"0".repeat(40)}`, "signature_malformed"],
    ["with the bare digest", (body: string) => sign(body).slice(7), "signature_malformed"],
  ] as const;

  test.each(refusals)("nobody %s: 401, and nothing is kept", async (_, signature, code) => {
    const { body, marker } = acceptable();
    const given = signature(body);
    const answer = await postWebhook(
      body,
      given === undefined ? { secret: "not the app's secret" } : { signature: given },
    );
    expect(answer.status).toBe(401);
    expect(errorSchema.parse(await answer.json()).error).toMatchObject({
      code,
      message: expect.stringContaining("X-Hub-Signature-256"),
    });
    expect(await countJournaled(sql, marker)).toBe(0);
  });

  test("a body tampered with by a single byte is refused with 401", async () => {
    const { body, marker } = acceptable();
    const answer = await postWebhook(body.replace("Hello", "Jello"), { signature: sign(body) });
    expect(answer.status).toBe(401);
    expect(await countJournaled(sql, marker)).toBe(0);
  });

  test("the same body with the right signature is let in, so the refusals above say something", async () => {
    const { body, marker } = acceptable();
    const answer = await postWebhook(body, {
      signature: sign(body).toUpperCase().replace("SHA256", "sha256"),
    });
    expect(answer.status).toBe(200);
    expect(await countJournaled(sql, marker)).toBe(1);
  });
});

const marked = (make: (marker: string) => string | Uint8Array<ArrayBuffer>) => () => {
  const marker = randomUUID();
  return { marker, body: make(marker) };
};
const notUtf8 = (marker: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(`{"note":"${marker} gr\u00fc\u00dfe"}`, "latin1"));
const cut = (marker: string): string =>
  textWebhook(tenant.phone_number_id, [{ from: newPhone(), text: marker }]).slice(0, -3);

describe("what is refused although it is signed", () => {
  test.each([
    ["truncated JSON", marked(cut), 400, "not_json"],
    ["text that is no JSON", marked((marker) => `hello ${marker}`), 400, "not_json"],
    ["a byte order mark", marked((marker) => `\uFEFF{"note":"${marker}"}`), 400, "not_json"],
    ["bytes that are not UTF-8", marked(notUtf8), 400, "not_utf8"],
    [
      "100,000 levels of nesting",
      marked((marker) => `${"[".repeat(100_000)}"${marker}"${"]".repeat(100_000)}`),
      400,
      "too_deep",
    ],
    [
      "more than 3 MB",
      marked((marker) => JSON.stringify({ marker, fill: "x".repeat(3 * 1024 * 1024) })),
      413,
      "too_large",
    ],
  ])("%s: nothing is kept, and the answer names what is wrong", async (...given) => {
    const [, make, status, code] = given;
    const { marker, body } = make();
    const answer = await postWebhook(body);
    expect(answer.status).toBe(status);
    const { error } = errorSchema.parse(await answer.json());
    expect(error).toMatchObject({ code, message: expect.stringMatching(/^body: is \S+/) });
    expect(error.message).not.toContain(marker);
    expect(await countJournaled(sql, marker)).toBe(0);
  });

  test("an empty body: 400, and nothing is kept", async () => {
    const answer = await postWebhook("");
    expect(answer.status).toBe(400);
    expect(errorSchema.parse(await answer.json()).error.message).toBe("body: is empty");
    const rows = await sql`select from wabase.webhook_journal where body = ''`;
    expect(rows).toHaveLength(0);
  });

  test("more than 3 MB sent in chunks, without a declared length: 413", async () => {
    const marker = randomUUID();
    const bytes = new TextEncoder().encode(`"${marker}${"x".repeat(1024 * 1024)}`);
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === 4) controller.close();
        else controller.enqueue(bytes);
        sent += 1;
      },
    });
    const init: RequestInit & { duplex: "half" } = { method: "POST", body: stream, duplex: "half" };
    const answer = await fetch(url, init);
    expect(answer.status).toBe(413);
    expect(await countJournaled(sql, marker)).toBe(0);
  });

  test.each(["DELETE", "PUT", "PATCH"])("%s: 405", async (method) => {
    const answer = await fetch(url, { method });
    expect(answer.status).toBe(405);
    expect(errorSchema.parse(await answer.json()).error.message).toContain("POST");
  });
});

describe("what is kept", () => {
  test("text that Meta escapes (\\u00e9) is signed over its bytes and stored byte for byte", async () => {
    const wamid = newWamid();
    const plain = textWebhook(tenant.phone_number_id, [
      { from: newPhone(), id: wamid, text: "Olé, grüß dich 🥖" },
    ]);
    const escaped = plain.replaceAll(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    expect(escaped).toContain("\\ud83e\\udd56");
    // Key order, escapes and white space are Meta's: none of them may change.
    const body = ` ${escaped.replace('{"object"', '{\n  "object"')}\n`;
    expect((await postWebhook(body)).status).toBe(200);
    const [row] = await sql`
      select journal.body, journal.secret_id, message.body as text
      from wabase.webhook_journal as journal, public.whatsapp_messages as message
      where position(${wamid} in journal.body) > 0 and message.wamid = ${wamid}`;
    expect(row).toEqual({ body, secret_id: "default", text: "Olé, grüß dich 🥖" });
  });

  test.each([
    ["an array", (marker: string) => [marker]],
    ["a string", (marker: string) => marker],
    ["an object that is no envelope", (marker: string) => ({ object: "page", entry: [], marker })],
    [
      "an entry without changes",
      (marker: string) => ({ object: "whatsapp_business_account", entry: [{ marker }] }),
    ],
  ])("JSON that is no envelope of Meta's (%s): 200, kept whole as invalid", async (_, make) => {
    const marker = randomUUID();
    const json = make(marker);
    const answer = await postWebhook(JSON.stringify(json));
    expect(answer.status).toBe(200);
    const outcome = outcomeSchema.parse(await answer.json());
    expect(outcome).toMatchObject({ events: 1, kept: { invalid: 1 } });
    expect(await countJournaled(sql, marker)).toBe(1);
    const kept = await keptEvents(sql, outcome.journal_id);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ reason: "invalid" });
    expect(JSON.stringify(kept[0]?.content)).toContain(marker);
  });

  test("a field that nobody handles: 200, kept whole, for whatever comes later to read it", async () => {
    const change = {
      field: "of_2027",
      value: { id: randomUUID() },
    };
    const entry = [{ id: "8000000000001", changes: [change] }];
    const answer = await postWebhook(
      JSON.stringify({ object: "whatsapp_business_account", entry }),
    );
    const outcome = outcomeSchema.parse(await answer.json());
    const [kept] = await keptEvents(sql, outcome.journal_id);
    expect(kept).toMatchObject({ reason: "unhandled_field", content: change });
  });

  test("an unknown number: 200, journaled, the event kept whole, and nobody's row is made", async () => {
    const wamid = newWamid();
    const phone = newPhone();
    const body = textWebhook("700000000000007", [
      { from: phone, id: wamid, text: "Anyone there?" },
    ]);
    const answer = await postWebhook(body);
    expect(answer.status).toBe(200);
    const outcome = outcomeSchema.parse(await answer.json());
    expect(outcome).toMatchObject({ events: 1, kept: { unknown_number: 1 } });
    const [kept] = await keptEvents(sql, outcome.journal_id);
    expect(kept).toMatchObject({
      ordinal: 1,
      reason: "unknown_number",
      content: { kind: "message", wamid, contact: { phone }, body: "Anyone there?" },
    });
    const rows = await sql`
      select id from public.whatsapp_messages where wamid = ${wamid}
      union all select id from public.whatsapp_contacts where phone = ${phone}`;
    expect(rows).toHaveLength(0);
  });
});
