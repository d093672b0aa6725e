import { randomUUID } from "node:crypto";
import type { SettingsInput } from "@wabase/emulator";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  demoText,
  openDemoConversation,
  type OwnWorkbench,
  startOwnWorkbench,
} from "./support/own-workbench.ts";
import { readMessage } from "./support/rows.ts";
import { text } from "./support/send.ts";
import { unstorableWamid } from "./support/webhook-values.ts";
import { newPhone, newWamid, textWebhook, waitFor } from "./support/workbench.ts";

/** What customer and agent say: none of it may ever stand in a log. */
const QUESTION = "My order of seven croissants is missing";
const ANSWER = "Croissants are on their way to Elm Street";

let own: OwnWorkbench;
let conversation_id: string;
let phone: string;
const sent_to: string[] = [];
beforeAll(async () => {
  own = await startOwnWorkbench("send-faults");
  ({ conversation_id, phone } = await openDemoConversation(own, QUESTION));
});
afterAll(() => own.stop());

const defaults: SettingsInput = {
  fail_next: [],
  delays: { sent_ms: 20, delivered_ms: 20, read_ms: null },
};
beforeEach(() => void own.bench.emulator.updateSettings(defaults));

/** All of this goes to one customer, and Meta would have it go slower. */
const forgetPairLimit = () => own.sql`update wabase.lanes set pair_paid_at = null`;

const failNext = (fail_next: SettingsInput["fail_next"]): void =>
  void own.bench.emulator.updateSettings({ fail_next });

const ledgerOf = (id = "") =>
  own.bench.emulator.accepted().filter((entry) => entry.biz_opaque_callback_data === id);

const answer = (more: object = {}) => text(conversation_id, ANSWER, more);

async function until(id: string | undefined, status: string) {
  return await waitFor(`message ${id} ${status}`, async () => {
    const row = await readMessage(own.sql, id ?? "");
    return row.status === status ? row : null;
  });
}

describe("when Meta refuses", () => {
  test.each([131026, 131047])(
    "with %i: 422 with Meta's code, and the row keeps why it failed",
    async (code) => {
      failNext({ code, how: "refuse" });
      const refused = await own.send(answer());
      expect(refused).toMatchObject({ http_status: 422, status: "failed", error: { code } });
      expect(ledgerOf(refused.id)).toEqual([]);
      expect(await readMessage(own.sql, refused.id ?? "")).toMatchObject({
        status: "failed",
        wamid: null,
        failed_at: expect.any(Date),
        accepted_at: null,
        error: { code, title: expect.any(String), message: expect.any(String) },
      });
    },
  );

  test("for a reason that is the number's own (190): 202 queued, and one message after another is not lost on it", async () => {
    failNext({ code: 190, how: "refuse" });
    const [first, second] = [await own.send(answer()), await own.send(answer())];
    expect(first).toMatchObject({ http_status: 202, status: "queued", error: { code: 190 } });
    expect(second).toMatchObject({ http_status: 202, status: "queued" });
    const [pause] =
      await own.sql`select number_id, template_name, error from public.whatsapp_pauses`;
    expect(pause).toMatchObject({ template_name: null, error: { code: 190 } });
    await own.sql`select wabase.resume_number(${pause?.["number_id"]})`;
    for (const { id } of [first, second]) await until(id, "delivered");
  });

  test("after it accepted: the status says why, and the row keeps it", async () => {
    own.bench.emulator.updateSettings({ delays: { sent_ms: 700 } });
    failNext({ code: 131049, how: "status" });
    const accepted = await own.send(answer());
    expect(accepted).toMatchObject({ http_status: 200, status: "accepted" });
    const row = await until(accepted.id, "failed");
    expect(row).toMatchObject({ wamid: accepted.wamid, error: { code: 131049 } });
  });

  test("a later message is sent all the same", async () => {
    failNext({ code: 131026, how: "refuse" });
    await own.send(answer());
    expect(await own.send(answer())).toMatchObject({ http_status: 200 });
  });
});

describe("when Meta's answer is lost", () => {
  test("although the message went out: 202 unknown, then its statuses settle it, to the end", async () => {
    own.bench.emulator.updateSettings({ delays: { sent_ms: 700 } });
    failNext({ how: "accept_then_drop" });
    const message = answer({ idempotency_key: randomUUID() });
    const lost = await own.send(message);
    expect(lost).toMatchObject({ http_status: 202, status: "unknown", wamid: null });
    expect(lost.error).toMatchObject({ code: "network_error" });
    const delivered = await until(lost.id, "delivered");
    const [entry] = ledgerOf(lost.id);
    expect(delivered).toMatchObject({ wamid: entry?.id, error: null, accepted_at: null });
    own.bench.emulator.readAsCustomer(phone);
    expect(await until(lost.id, "read")).toMatchObject({ read_at: expect.any(Date) });
    // The caller, who knows nothing of this, tries again.
    expect(await own.send(message)).toMatchObject({
      http_status: 200,
      id: lost.id,
      status: "read",
    });
    expect(ledgerOf(lost.id)).toHaveLength(1);
  });

  test("behind an error that says nothing of it (131000): 202 unknown, settled by the status", async () => {
    own.bench.emulator.updateSettings({ delays: { sent_ms: 700 } });
    failNext({ code: 131000, how: "accept_then_error" });
    const lost = await own.send(answer());
    expect(lost).toMatchObject({ http_status: 202, status: "unknown", error: { code: 131000 } });
    expect(await until(lost.id, "delivered")).toMatchObject({ wamid: ledgerOf(lost.id)[0]?.id });
  });

  test("on a connection that was used before, it is not sent a second time behind our back", async () => {
    // Deno's fetch does that where it can: Meta would deliver both.
    for (const how of ["accept_then_drop", "drop"] as const) {
      await own.send(answer());
      failNext({ how });
      const lost = await own.send(answer());
      expect(lost).toMatchObject({ http_status: 202, error: { code: "network_error" } });
      expect(ledgerOf(lost.id)).toHaveLength(how === "drop" ? 0 : 1);
    }
  });

  test("before the message went out: it is unknown and stays so, and is not sent a second time", async () => {
    failNext({ how: "drop" });
    const message = answer({ idempotency_key: randomUUID() });
    const lost = await own.send(message);
    expect(lost).toMatchObject({ http_status: 202, status: "unknown" });
    expect(await own.send(message)).toMatchObject({ id: lost.id, status: "unknown" });
    expect(ledgerOf(lost.id)).toEqual([]);
  });
});

test("statuses that race ahead of Meta's answer are neither lost nor taken back", async () => {
  own.bench.emulator.updateSettings({ delays: { sent_ms: 0, delivered_ms: 0, read_ms: 0 } });
  for (let round = 0; round < 4; round += 1) {
    await forgetPairLimit();
    const answers = await Promise.all(Array.from({ length: 10 }, () => own.send(answer())));
    for (const { http_status, id, wamid } of answers) {
      expect(http_status).toBe(200);
      const row = await waitFor(`all the statuses of ${id}`, async () => {
        const message = await readMessage(own.sql, id ?? "");
        return message.sent_at && message.delivered_at && message.read_at ? message : null;
      });
      expect(row).toMatchObject({ status: "read", wamid, accepted_at: expect.any(Date) });
    }
  }
  const [parked] = await own.sql`select count(*)::int from wabase.parked_statuses`;
  expect(parked).toEqual({ count: 0 });
});

describe("the log", () => {
  test("names what is kept for an unknown number, by reason and journal id", async () => {
    sent_to.push(newPhone());
    const body = textWebhook("700000000000007", [
      { from: sent_to[0] ?? "", id: newWamid(), text: QUESTION, name: "Mara Lindt" },
    ]);
    const response = await own.post(body);
    expect(response.status).toBe(200);
    const outcome: unknown = await response.json();
    expect(outcome).toMatchObject({ kept: { unknown_number: 1 } });
    await waitFor("the function's line", async () =>
      own.lines.some((line) =>
        /^\[whatsapp-webhook\] webhook \d+: kept in the journal: 1 × unknown_number$/.test(line),
      ),
    );
  });

  test("holds no text, no phone, no name and no secret after all of this and worse", async () => {
    // Worse: what cannot be stored, what is refused, what is not signed in.
    await own.post(demoText({ from: newPhone(), id: unstorableWamid(), text: QUESTION }));
    await own.post(QUESTION);
    await own.send(text(conversation_id, ANSWER, { unknown: ANSWER }));
    await own.send(text(randomUUID(), ANSWER));
    await own.send({ status: "read", message_id: randomUUID() });
    await openDemoConversation(own, QUESTION);

    const { bench, lines } = own;
    expect(lines.length).toBeGreaterThan(20);
    const log = lines.join("\n");
    const words = ["roissant", "Elm Street", "Mara", phone, ...sent_to];
    expect(words.filter((word) => log.includes(word))).toEqual([]);
    const { publishable_key: _, ...secrets } = bench.stack.keys;
    const known = Object.entries({
      ...secrets,
      app_secret: bench.app_secret,
      verify_token: bench.verify_token,
      password: new URL(bench.stack.superuser_url).password,
    });
    expect(known.filter(([, secret]) => log.includes(secret)).map(([name]) => name)).toEqual([]);
    expect(log).not.toMatch(/Bearer|eyJ[A-Za-z0-9_-]{10}/);
  });
});

test("when Meta is not reached at all: 202, the row waits and says why, and nothing was sent", async () => {
  // The last test: Meta's side is gone after it.
  await own.bench.emulator.close();
  await forgetPairLimit();
  const waits = await own.send(answer());
  expect(waits).toMatchObject({ http_status: 202, status: "queued", wamid: null });
  expect(await readMessage(own.sql, waits.id ?? "")).toMatchObject({
    status: expect.stringMatching(/^(queued|sending)$/),
    failed_at: null,
    error: { code: "network_error", title: expect.stringContaining("nothing was sent") },
  });
});
