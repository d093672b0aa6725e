import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { conversationsOf } from "./support/rows.ts";
import { connect, createTenant, postWebhook, ROOT, type TestTenant } from "./support/workbench.ts";

/** Bodies from Meta's own documentation. They are not part of this repository. */
const FOLDER = resolve(ROOT, process.env["WABASE_PAYLOADS"] ?? "../shared/payloads");
const files = existsSync(FOLDER)
  ? readdirSync(FOLDER).filter((name) => name.endsWith(".json"))
  : [];
if (files.length === 0) console.warn(`Meta's payloads are not tested: no *.json in ${FOLDER}`);

/** Each of which Meta's pages show at least once. */
const TYPES = (
  "text image audio video document sticker location contacts " +
  "interactive button order reaction system unsupported"
).split(" ");

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

const outcomeSchema = z.object({
  journal_id: z.number(),
  events: z.number().min(1),
  kept: z.record(z.string(), z.number()),
});

const read = (file: string): string => readFileSync(join(FOLDER, file), "utf8");

/** The same body, for a number of this test's tenant; Meta's pages share wamids, of which each file gets its own. */
const forOurNumber = (body: string, file_index: number): string =>
  body
    .replaceAll(/wamid\.[\w+/=-]+/g, (wamid) => `${wamid}.${file_index}`)
    .replaceAll(
      /("phone_number_id"\s*:\s*)"[^"]*"/g,
      (_, key: string) => `${key}"${tenant.phone_number_id}"`,
    );

/** Everything that a repeated webhook could double. */
async function everything(): Promise<Record<string, unknown>> {
  const [row] = await sql`
    select
      (
        select json_agg(message order by message.wamid) from (
          select wamid, direction, status, body, content, conversation_id
          from public.whatsapp_messages where tenant_id = ${tenant.tenant_id}
        ) as message
      ) as messages,
      (
        select json_agg(contact order by contact.id) from (
          select id, phone, bsuid from public.whatsapp_contacts where tenant_id = ${tenant.tenant_id}
        ) as contact
      ) as contacts,
      (
        select json_agg(parked order by parked.wamid, parked.status) from (
          select wamid, status, event from wabase.parked_statuses where number_id = ${tenant.number_id}
        ) as parked
      ) as parked,
      (
        select json_agg(conversation order by conversation.id) from public.whatsapp_conversations as conversation
        where conversation.tenant_id = ${tenant.tenant_id}
      ) as conversations`;
  return { ...row };
}

/** Posts every file, for our number. */
async function postAll(): Promise<void> {
  for (const [at, file] of files.entries()) {
    const answer = await postWebhook(forOurNumber(read(file), at));
    expect(answer.status).toBe(200);
    const { kept } = outcomeSchema.parse(await answer.json());
    expect(kept["failed"]).toBeUndefined();
  }
}

describe.skipIf(files.length === 0)("the webhooks in Meta's documentation", () => {
  test.each(files)("%s is answered 200 as it stands and is journaled whole", async (file) => {
    const body = read(file);
    const answer = await postWebhook(body);
    expect(answer.status).toBe(200);
    const { journal_id, kept } = outcomeSchema.parse(await answer.json());
    expect(kept["failed"]).toBeUndefined();
    const [row] = await sql`select body from wabase.webhook_journal where id = ${journal_id}`;
    expect(row?.["body"]).toBe(body);
  });

  test("all of them for a number of ours, and all once more, double nothing", async () => {
    await postAll();
    const first = await everything();
    const conversations = await conversationsOf(sql, tenant);
    expect(conversations.length).toBeGreaterThan(3);
    for (const { unread_count, messages } of conversations) expect(unread_count).toBe(messages);
    await postAll();
    expect(await everything()).toEqual(first);
  });

  test("have a message of every type among them, each with its content whole", async () => {
    const rows = await sql<{ type: string }[]>`
      select distinct type from public.whatsapp_messages where tenant_id = ${tenant.tenant_id}`;
    expect(rows.map(({ type }) => type)).toEqual(expect.arrayContaining(TYPES));
    const [empty] = await sql<{ count: number }[]>`
      select count(*)::int from public.whatsapp_messages
      where tenant_id = ${tenant.tenant_id} and content -> type is null and type not in ('unsupported', 'media_placeholder')`;
    expect(empty?.count).toBe(0);
  });
});
