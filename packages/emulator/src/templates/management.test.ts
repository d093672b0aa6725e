import { expect, test } from "vitest";
import { z } from "zod";
import type { Emulator } from "../create-emulator.ts";
import {
  ACCESS_TOKEN,
  MARA,
  WABA_ID,
  arrived,
  call,
  createReceiver,
  send,
  sendOk,
  valueOf,
} from "../test-support.ts";
import { BODY, ORDER, bodyOf, start, template } from "./test-templates.ts";

const headers = { authorization: `Bearer ${ACCESS_TOKEN}` };
const PATH = `/v26.0/${WABA_ID}/message_templates`;
const createdSchema = z.object({ id: z.string() });
const listSchema = z.object({
  data: z.array(z.object({ name: z.string() })),
  paging: z
    .object({ cursors: z.object({ after: z.string() }), next: z.string().optional() })
    .optional(),
});

const graph = (emulator: Emulator, path: string, init: Parameters<typeof call>[2] = {}) =>
  call(emulator, path, { ...init, headers });

test("a new template is pending, approved with its webhook, sent, and deleted", async () => {
  const { url, received } = await createReceiver();
  const emulator = start();
  emulator.updateSettings({ webhook_url: url, statuses: false });
  const created = await graph(emulator, PATH, { body: ORDER });
  expect(created).toMatchObject({
    status: 200,
    body: { status: "PENDING", category: "UTILITY" },
  });
  const { id } = createdSchema.parse(created.body);
  const message = template("order_update", [bodyOf("Mara", "7")]);
  expect(await send(emulator, message)).toMatchObject({
    status: 404,
    body: { error: { code: 132001 } },
  });
  emulator.changeTemplate(id, { status: "APPROVED" });
  await arrived(received, 1);
  expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toEqual({
    event: "APPROVED",
    message_template_id: Number(id),
    message_template_name: "order_update",
    message_template_language: "en_US",
    message_template_category: "UTILITY",
    reason: "NONE",
  });
  await sendOk(emulator, message);
  expect(emulator.accepted()).toMatchObject([{ template: "order_update" }]);
  expect(emulator.customerMessages(MARA)).toMatchObject([
    { view: { body: "Hello Mara, order 7 is on its way." } },
  ]);
  const removed = await graph(emulator, `${PATH}?name=order_update`, { method: "DELETE" });
  expect(removed.body).toEqual({ success: true });
  await arrived(received, 2);
  expect(valueOf(received[1] ?? { bytes: Buffer.from("") })).toMatchObject({
    event: "DELETED",
    reason: null,
  });
  expect((await send(emulator, message)).status).toBe(404);
});

test("each change of Meta's sends its own webhook", async () => {
  const { url, received } = await createReceiver();
  const emulator = start();
  emulator.updateSettings({ webhook_url: url });
  emulator.addTemplate(ORDER);
  const changes = [
    {
      status: "REJECTED",
      reason: "INVALID_FORMAT",
      rejection: { reason: "a", recommendation: "b" },
    },
    { quality: "YELLOW" },
    { correct_category: "MARKETING" },
    { category: "MARKETING" },
    { status: "PAUSED" },
  ] as const;
  const values = [];
  for (const [index, change] of changes.entries()) {
    emulator.changeTemplate("order_update", change);
    await arrived(received, index + 1);
    values.push(valueOf(received[index] ?? { bytes: Buffer.from("") }));
  }
  expect(values).toMatchObject([
    { event: "REJECTED", reason: "INVALID_FORMAT", rejection_info: { reason: "a" } },
    { previous_quality_score: "UNKNOWN", new_quality_score: "YELLOW" },
    { new_category: "UTILITY", correct_category: "MARKETING" },
    { previous_category: "UTILITY", new_category: "MARKETING" },
    { event: "PAUSED", other_info: { title: "FIRST_PAUSE" } },
  ]);
  const fields = received.map(({ bytes }) => /"field":"(\w+)"/.exec(bytes.toString())?.[1]);
  expect(fields).toEqual([
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
    "template_category_update",
    "message_template_status_update",
  ]);
  expect(received[0]?.bytes.toString()).toMatch(/"time":\d{10},/);
});

test("approval can come by itself", async () => {
  const emulator = start();
  emulator.updateSettings({ template_review_ms: 20 });
  await graph(emulator, PATH, { body: ORDER });
  await expect.poll(() => emulator.templates()[0]?.status).toBe("APPROVED");
});

test("the list comes in pages, each template once, and can be narrowed", async () => {
  const emulator = start();
  for (let n = 0; n < 7; n++) emulator.addTemplate({ ...ORDER, name: `t${n}` });
  const names = [];
  let path: string | null = `${PATH}?limit=3`;
  while (path !== null) {
    const page = listSchema.parse((await graph(emulator, path)).body);
    names.push(...page.data.map(({ name }) => name));
    const next: string | undefined = page.paging?.next;
    path = next === undefined ? null : next.replace("http://emulator.test", "");
  }
  expect(names).toEqual(["t6", "t5", "t4", "t3", "t2", "t1", "t0", "hello_world"]);
  const narrowed = await graph(emulator, `${PATH}?name=t5&fields=name,status`);
  expect(narrowed.body).toMatchObject({
    data: [{ name: "t5", status: "APPROVED", id: expect.any(String) }],
  });
  expect(JSON.stringify(narrowed.body)).not.toContain("components");
});

test.each([
  ["a name with capitals", { name: "Order" }],
  ["no language", { language: undefined }],
  ["an unknown category", { category: "FUN" }],
  ["no body", { components: [{ type: "FOOTER", text: "x" }] }],
  ["variables that skip a number", { components: [{ ...BODY, text: "a {{1}} b {{3}} c" }] }],
  ["a variable at the end", { components: [{ ...BODY, text: "Hello {{1}}" }] }],
  ["variables without an example", { components: [{ type: "BODY", text: "a {{1}} b" }] }],
  ["a body too long", { components: [{ type: "BODY", text: "x".repeat(1025) }] }],
  [
    "eleven buttons",
    {
      components: [
        BODY,
        {
          type: "BUTTONS",
          buttons: Array.from({ length: 11 }, () => ({ type: "QUICK_REPLY", text: "A" })),
        },
      ],
    },
  ],
  ["two bodies", { components: [BODY, BODY] }],
])("a template with %s is refused", async (_name, changes) => {
  const answer = await graph(start(), PATH, { body: { ...ORDER, ...changes } });
  expect(answer).toMatchObject({
    status: 400,
    body: { error: { code: 100, error_user_msg: expect.any(String) } },
  });
});

test("a name is taken once per language", async () => {
  const emulator = start();
  await graph(emulator, PATH, { body: ORDER });
  expect(await graph(emulator, PATH, { body: ORDER })).toMatchObject({
    status: 400,
    body: { error: { error_subcode: 2388024 } },
  });
  expect((await graph(emulator, PATH, { body: { ...ORDER, language: "de" } })).status).toBe(200);
});

test("an edit goes back to review", async () => {
  const emulator = start();
  const { id } = emulator.addTemplate(ORDER);
  const components = [{ type: "BODY", text: "Hello." }];
  expect((await graph(emulator, `/v26.0/${id}`, { body: { components } })).body).toEqual({
    success: true,
  });
  expect((await graph(emulator, `/v26.0/${id}`)).body).toMatchObject({
    status: "PENDING",
    components,
  });
});

test("another account is unknown", async () => {
  expect(await graph(start(), "/v26.0/999/message_templates")).toMatchObject({
    status: 400,
    body: { error: { code: 100, error_subcode: 33 } },
  });
});
