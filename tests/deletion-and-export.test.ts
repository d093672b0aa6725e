import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { addCustomer } from "./support/emulator.ts";
import { customerSends, mediaOf, newFile } from "./support/media.ts";
import { conversationHere } from "./support/outbox.ts";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  serviceClient,
  type TestTenant,
  textWebhook,
  waitFor,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  [tenant, other] = [await createTenant(sql), await createTenant(sql)];
});
afterAll(() => sql.end());

/** Every row of public and wabase that holds this text anywhere, but the journal's, which has its own term. */
async function rowsWith(text: string): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select pg_class.oid::regclass::text as name from pg_catalog.pg_class
    where relnamespace in ('public'::regnamespace, 'wabase'::regnamespace) and relkind in ('r', 'p')
      and relname not in ('webhook_journal', 'webhook_events')`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await sql.unsafe(
      `select from ${name} as kept where position($1 in kept::text) > 0`,
      [text],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

async function contactOf(phone: string): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    select id from public.whatsapp_contacts where phone = ${phone}`;
  return row?.id ?? "";
}

describe("deleting", () => {
  test("a contact takes all that is known of them, wherever it lies, and nobody else's", async () => {
    const [phone, neighbour] = [newPhone(), newPhone()];
    const wamid = newWamid();
    for (const place of [tenant, other]) {
      await postWebhook(
        textWebhook(place.phone_number_id, [
          { from: phone, ...(place === tenant ? { id: wamid } : {}), text: "Delete me" },
        ]),
      );
    }
    await postWebhook(textWebhook(tenant.phone_number_id, [{ from: neighbour }]));
    const contact_id = await contactOf(phone);
    const mine = await sql<{ id: string; contact_id: string }[]>`
      select id, contact_id from public.whatsapp_conversations
      where tenant_id = ${tenant.tenant_id} and contact_id in (select id from public.whatsapp_contacts where phone = ${phone})`;
    const conversation_id = mine[0]?.id ?? "";
    await tenant.agent
      .rpc("whatsapp_add_note", { conversation_id, body: `Called ${phone}` })
      .throwOnError();
    expect(contact_id).not.toBe("");

    const { data } = await tenant.admin
      .rpc("whatsapp_delete_contact", { contact_id: mine[0]?.contact_id ?? "" })
      .throwOnError();
    expect(data).toEqual({ conversations: 1, messages: 1, notes: 1, calls: 0 });
    expect(await rowsWith(wamid)).toEqual([]);
    expect(await rowsWith(conversation_id)).toEqual([]);
    expect(await rowsWith(mine[0]?.contact_id ?? "")).toEqual([]);
    // The other tenant knows the same person, and keeps them; so does this one its other contacts.
    expect(await rowsWith(phone)).toEqual(["whatsapp_contacts"]);
    expect(await rowsWith(neighbour)).toEqual(["whatsapp_contacts"]);
    const [kept] = await sql<{ count: number }[]>`
      select count(*)::int from public.whatsapp_messages where tenant_id = ${other.tenant_id}`;
    expect(kept?.count).toBe(1);
  });

  test("takes the files from the bucket, but those that another message shows", async () => {
    const phone = await addCustomer();
    const [mine, shared] = [newFile(), newFile()];
    const wamids = [
      await customerSends(tenant, phone, { file: mine }),
      await customerSends(tenant, phone, { file: shared }),
      await customerSends(tenant, await addCustomer(), { file: shared }),
    ];
    const rows = await Promise.all(wamids.map((wamid) => mediaOf(sql, wamid, "stored")));
    const paths = rows.map(({ storage_path }) => storage_path ?? "");
    await tenant.admin
      .rpc("whatsapp_delete_contact", { contact_id: await contactOf(phone) })
      .throwOnError();

    const left = await waitFor(
      "the file to be gone",
      async () => {
        await serviceClient().functions.invoke("whatsapp-media", {
          body: { action: "work", wait: true },
        });
        const objects = await sql<{ name: string }[]>`
          select name from storage.objects where bucket_id = 'whatsapp-media' and name in ${sql(paths)}`;
        return objects.length === 1 ? objects : null;
      },
      60_000,
    );
    expect(left).toEqual([{ name: paths[1] }]);
    expect(await sql`select from wabase.file_removals where storage_path in ${sql(paths)}`).toEqual(
      [],
    );
    // The same file again is a new one.
    await mediaOf(sql, await customerSends(tenant, phone, { file: mine }), "stored");
    const { data } = await serviceClient()
      .storage.from("whatsapp-media")
      .download(paths[0] ?? "");
    expect(data?.size).toBe(mine.bytes.length);
  });

  test("takes what waits to be sent, and the campaigns' recipients, whose campaigns end", async () => {
    const { conversation_id, phone } = await conversationHere(sql, tenant);
    const contact_id = await contactOf(phone);
    const campaign_id = randomUUID();
    await sql`
      insert into public.whatsapp_campaigns (id, tenant_id, number_id, name, content)
      values (${campaign_id}, ${tenant.tenant_id}, ${tenant.number_id}, 'News', '{}')`;
    await tenant.admin
      .rpc("whatsapp_add_campaign_recipients", {
        campaign_id,
        recipients: [{ to: phone, components: [{ type: "body" }] }],
      })
      .throwOnError();
    // As the feed makes it of the recipient.
    await sql`
      insert into public.whatsapp_messages (
        id, tenant_id, number_id, conversation_id, direction, status, type, content, occurred_at, campaign_id
      )
      select message_id, tenant_id, ${tenant.number_id}, ${conversation_id}, 'outbound', 'queued', 'template', '{}', now(), campaign_id
      from public.whatsapp_campaign_recipients where campaign_id = ${campaign_id}`;
    await sql`update public.whatsapp_campaigns set fed_to = 9223372036854775807 where id = ${campaign_id}`;
    await sql`select wabase.note_recipients(${campaign_id}, 'pending', 'queued', 1)`;
    await tenant.agent
      .rpc("whatsapp_enqueue_message", {
        message: { conversation_id, type: "text", text: { body: "Delete me too" } },
      })
      .throwOnError();

    await tenant.admin.rpc("whatsapp_delete_conversation", { conversation_id }).throwOnError();
    expect(await rowsWith(conversation_id)).toEqual([]);
    const kept = await sql`
      select components from public.whatsapp_campaign_recipients where campaign_id = ${campaign_id}`;
    expect(kept).toEqual([{ components: null }]);
    await tenant.admin.rpc("whatsapp_delete_contact", { contact_id }).throwOnError();
    expect(await rowsWith(contact_id)).toEqual([]);
    const counts = await tenant.admin
      .rpc("whatsapp_campaign_counts", { campaign_id })
      .throwOnError();
    expect(counts.data).toMatchObject({ recipients: { cancelled: 1 } });
  });

  test("a conversation leaves the contact", async () => {
    const { conversation_id, phone } = await conversationHere(sql, tenant);
    await tenant.admin.rpc("whatsapp_delete_conversation", { conversation_id }).throwOnError();
    expect(await rowsWith(conversation_id)).toEqual([]);
    expect(await contactOf(phone)).not.toBe("");
  });

  test("is for admins of the tenant; a repeated webhook afterwards starts anew", async () => {
    const { conversation_id, phone } = await conversationHere(sql, tenant);
    const contact_id = await contactOf(phone);
    for (const client of [tenant.agent, tenant.viewer, other.admin]) {
      const answers = [
        await client.rpc("whatsapp_delete_conversation", { conversation_id }),
        await client.rpc("whatsapp_delete_contact", { contact_id }),
        await client.rpc("whatsapp_export_conversation", { conversation_id }),
      ];
      for (const { error } of answers) expect(error?.code).toBe("42501");
    }
    await tenant.admin.rpc("whatsapp_delete_contact", { contact_id }).throwOnError();
    await postWebhook(textWebhook(tenant.phone_number_id, [{ from: phone }]));
    expect(await contactOf(phone)).not.toBe(contact_id);
  });

  test("while webhooks of the same person come in makes none of these fail", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { phone } = await conversationHere(sql, tenant);
      const contact_id = await contactOf(phone);
      const wamids = Array.from({ length: 8 }, () => newWamid());
      const [deleted, ...answers] = await Promise.all([
        tenant.admin.rpc("whatsapp_delete_contact", { contact_id }),
        ...wamids.map((id) =>
          postWebhook(textWebhook(tenant.phone_number_id, [{ from: phone, id }])),
        ),
      ]);
      expect(deleted.error).toBeNull();
      expect(answers.map(({ status }) => status)).toEqual(wamids.map(() => 200));
      const [row] = await sql<{ kept: number }[]>`
        select count(*)::int as kept from wabase.webhook_events
        where reason = 'failed' and content::text like ${`%${phone}%`}`;
      expect(row?.kept).toBe(0);
    }
  });
});

test("an export pages backwards through everything that was said, each message once", async () => {
  const phone = newPhone();
  const now = Math.floor(Date.now() / 1000);
  // Many within one second, as Meta's times are whole seconds.
  const messages = Array.from({ length: 25 }, (_, index) => ({
    from: phone,
    id: newWamid(),
    timestamp: now - Math.floor(index / 10),
  }));
  await postWebhook(textWebhook(tenant.phone_number_id, messages));
  const [row] = await sql<{ id: string }[]>`
    select id from public.whatsapp_conversations where contact_id = ${await contactOf(phone)}`;
  const conversation_id = row?.id ?? "";
  const pageSchema = z.object({
    messages: z.array(z.object({ wamid: z.string() })),
    next: z.object({ before_at: z.string(), before_id: z.string() }).nullable(),
    contact: z.object({ phone: z.string() }).optional(),
  });
  const seen: string[] = [];
  // On the first page alone.
  const contacts: (string | undefined)[] = [];
  let next: { before_at?: string; before_id?: string } | null = {};
  while (next !== null) {
    const { data } = await tenant.admin
      .rpc("whatsapp_export_conversation", { conversation_id, ...next, page_size: 7 })
      .throwOnError();
    const page: z.infer<typeof pageSchema> = pageSchema.parse(data);
    contacts.push(page.contact?.phone);
    seen.push(...page.messages.map(({ wamid }) => wamid));
    next = page.next;
  }
  expect(contacts).toEqual([phone, undefined, undefined, undefined]);
  expect(seen.toSorted()).toEqual(messages.map(({ id }) => id).toSorted());
});
