import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../packages/cloud-api/src/json/json.ts";
import {
  SAMPLE_INTERACTIVE,
  SAMPLE_MESSAGES,
} from "../packages/cloud-api/src/outbound/test-messages.ts";
import { SAMPLE_TEMPLATES } from "../packages/cloud-api/src/outbound/test-templates.ts";
import { acceptedByMeta, openConversation, type OpenConversation } from "./support/emulator.ts";
import { sendAs } from "./support/send.ts";
import { connect, createTenant, type TestTenant } from "./support/workbench.ts";

// Every kind of message, all the way: the function checks it, the database queues it, Meta's side takes it.

const sql = connect();
let tenant: TestTenant;
let open: OpenConversation;
beforeAll(async () => {
  tenant = await createTenant(sql);
  open = await openConversation(sql, tenant);
});
afterAll(() => sql.end());

/** For groups alone, or whose template Meta's side would have to know. */
const elsewhere = new Set([...Object.keys(SAMPLE_TEMPLATES), "pin", "unpin"]);
const samples = Object.entries({ ...SAMPLE_MESSAGES, ...SAMPLE_INTERACTIVE }).filter(
  ([name]) => !elsewhere.has(name),
);

/** Of this conversation: media that needs no upload, and a message that is there to be answered. */
function placed(sample: JsonObject): JsonObject {
  const json = JSON.stringify(sample)
    .replaceAll(/"id":"\d{10,}"/g, '"link":"https://www.example.com/file"')
    .replaceAll(/"wamid\.[^"]*"/g, JSON.stringify(open.wamid));
  return JSON.parse(json);
}

describe("a message of each kind reaches Meta's side as it was given", () => {
  test.each(samples)("%s", async (_name, sample) => {
    const message = placed(sample);
    const answer = await sendAs(tenant.agent, {
      conversation_id: open.conversation_id,
      ...message,
    });
    expect(answer).toMatchObject({ http_status: 200, wamid: expect.stringMatching(/^wamid\./) });
    const ledger = await acceptedByMeta(answer.id ?? "");
    expect(ledger).toHaveLength(1);
    expect(ledger[0]?.body).toEqual({
      ...message,
      messaging_product: "whatsapp",
      recipient_type: "individual",
      to: `+${open.phone}`,
      biz_opaque_callback_data: answer.id,
    });
  });
});

test("the row keeps the message without what belongs to one sending, and the words for lists", async () => {
  const message = placed(SAMPLE_INTERACTIVE["list"] ?? {});
  const answer = await sendAs(tenant.agent, { conversation_id: open.conversation_id, ...message });
  const [row] = await sql`
    select type, body, content from public.whatsapp_messages where id = ${answer.id ?? ""}`;
  expect(row).toEqual({
    type: "interactive",
    body: "Choose Shipping Option\nWhich shipping option do you prefer?",
    content: message,
  });
});

test("every field that is wrong is in the answer, with the fix, and nothing was written", async () => {
  const count = async () =>
    await sql`
    select count(*)::int from public.whatsapp_messages where tenant_id = ${tenant.tenant_id}`;
  const before = await count();
  const answer = await sendAs(tenant.agent, {
    conversation_id: open.conversation_id,
    priority: "now",
    type: "interactive",
    interactive: {
      type: "button",
      body: { text: "" },
      action: { buttons: [{ type: "reply", reply: { id: "1", title: "x".repeat(21) } }] },
    },
  });
  expect(answer).toMatchObject({
    http_status: 400,
    error: {
      code: "invalid",
      field: "priority",
      issues: [
        { field: "priority", fix: 'write "reply" or "campaign"' },
        { field: "interactive.body.text" },
        { field: "interactive.action.buttons[0].reply.title", fix: "shorten it" },
      ],
    },
  });
  expect(await count()).toEqual(before);
});
