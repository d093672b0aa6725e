import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { signToken } from "./matrix/actors.ts";
import { sendAs } from "./support/send.ts";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  signUpSomebody,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
  await tenant.admin
    .from("whatsapp_tenants")
    .update({ contacts_read_own_messages: true })
    .eq("id", tenant.tenant_id)
    .throwOnError();
});
afterAll(() => sql.end());

interface Account {
  /** As auth.users holds it. */
  phone: string | null;
  confirmed: boolean;
  /** What the token says besides its subject. */
  claims?: Record<string, unknown>;
}

/** Somebody with an account as Supabase Auth keeps it, and the token that it signs. */
async function personWith({ phone, confirmed, claims = { phone } }: Account) {
  const { user_id } = await signUpSomebody();
  await sql`
    update auth.users set phone = ${phone}, phone_confirmed_at = ${confirmed ? new Date() : null}
    where id = ${user_id}`;
  const { url, keys } = inject("workbench");
  const token = signToken(keys.jwt_secret, { sub: user_id, role: "authenticated", ...claims });
  return createClient<Database>(url, keys.publishable_key, {
    auth: { persistSession: false },
    global: { headers: { authorization: `Bearer ${token}` } },
  });
}

async function written(place = tenant): Promise<{ phone: string; wamid: string }> {
  const [phone, wamid] = [newPhone(), newWamid()];
  await postWebhook(textWebhook(place.phone_number_id, [{ from: phone, id: wamid }]));
  return { phone, wamid };
}

/** For tables that are found in the catalogue. */
function createUntyped(client: Client): SupabaseClient {
  return client;
}

type Client = Awaited<ReturnType<typeof personWith>>;

async function wamidsSeenBy(client: Client): Promise<string[]> {
  const { data } = await client.from("whatsapp_messages").select("wamid").throwOnError();
  return data.map(({ wamid }) => wamid ?? "").toSorted();
}

describe("a person whose phone is a contact's, where the tenant lets contacts read", () => {
  test("reads what they and the tenant said to each other, and no other messages", async () => {
    const { phone, wamid } = await written();
    await written();
    const person = await personWith({ phone, confirmed: true });
    expect(await wamidsSeenBy(person)).toEqual([wamid]);
    const [row] = await sql<{ conversation_id: string }[]>`
      select conversation_id from public.whatsapp_messages where wamid = ${wamid}`;
    const reply = await sendAs(tenant.admin, {
      conversation_id: row?.conversation_id,
      type: "text",
      text: { body: "Good morning" },
    });
    const [sent] = await sql<{ wamid: string | null }[]>`
      select wamid from public.whatsapp_messages where id = ${reply.id ?? ""}`;
    // What Meta has not taken was never said to them.
    const expected = sent?.wamid ? [wamid, sent.wamid] : [wamid];
    expect(await wamidsSeenBy(person)).toEqual(expected.toSorted());
  });

  test("reads nothing else: no conversation, contact, note, edit, reaction, member, number", async () => {
    const { phone, wamid } = await written();
    const person = await personWith({ phone, confirmed: true });
    const [row] = await sql<{ id: string; conversation_id: string }[]>`
      select id, conversation_id from public.whatsapp_messages where wamid = ${wamid}`;
    const { id = "", conversation_id = "" } = row ?? {};
    await tenant.admin
      .rpc("whatsapp_add_note", { conversation_id, body: "Pays late" })
      .throwOnError();
    await sql`
      insert into public.whatsapp_message_changes
        (number_id, wamid, tenant_id, target_wamid, kind, message_id, body, content, occurred_at)
      values (${tenant.number_id}, ${newWamid()}, ${tenant.tenant_id}, ${wamid}, 'original', ${id}, 'Before', '{}', now())`;
    const tables = await sql<{ name: string }[]>`
      select relname as name from pg_catalog.pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and relname like 'whatsapp%'
        and relname <> 'whatsapp_messages'`;
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      const { data } = await createUntyped(person).from(name).select("*");
      expect({ name, data }).toEqual({ name, data: [] });
    }
    const embedded = await person
      .from("whatsapp_messages")
      .select("wamid, conversation:whatsapp_conversations(*), sender:whatsapp_contacts(*)");
    expect(embedded.data).toEqual([{ wamid, conversation: null, sender: null }]);
    const close = await person.rpc("whatsapp_close_conversation", { conversation_id });
    expect(close.error?.code).toBe("42501");
  });

  test.each([
    ["as GoTrue keeps it", (phone: string) => phone],
    ["with a plus", (phone: string) => `+${phone}`],
    ["as people write it", (phone: string) => `+${phone.slice(0, 2)} ${phone.slice(2)}`],
  ])("is recognised by the phone %s", async (_, write) => {
    const { phone, wamid } = await written();
    const person = await personWith({ phone: write(phone), confirmed: true });
    expect(await wamidsSeenBy(person)).toEqual([wamid]);
  });

  test("reads what they wrote in a group, and not what others wrote there", async () => {
    const { phone } = await written();
    const { phone: other } = await written();
    const person = await personWith({ phone, confirmed: true });
    const before = await wamidsSeenBy(person);
    const group = crypto.randomUUID();
    await sql`
      insert into public.whatsapp_groups (id, tenant_id, number_id, group_id)
      values (${group}, ${tenant.tenant_id}, ${tenant.number_id}, ${group})`;
    const [conversation] = await sql<{ id: string }[]>`
      insert into public.whatsapp_conversations (tenant_id, number_id, group_id)
      values (${tenant.tenant_id}, ${tenant.number_id}, ${group}) returning id`;
    const mine = newWamid();
    for (const [who, wamid] of [
      [phone, mine],
      [other, newWamid()],
    ] as const) {
      await sql`
        insert into public.whatsapp_messages (
          tenant_id, number_id, conversation_id, contact_id, direction, status, type, content, wamid, occurred_at
        )
        select tenant_id, ${tenant.number_id}, ${conversation?.id ?? ""}, id, 'inbound', 'received', 'text', '{}', ${wamid}, now()
        from public.whatsapp_contacts where phone = ${who} and tenant_id = ${tenant.tenant_id}`;
    }
    expect(await wamidsSeenBy(person)).toEqual([...before, mine].toSorted());
  });
});

describe("nobody reads by phone", () => {
  test("whose account's phone is not confirmed, whatever the token says", async () => {
    for (const metadata of [{}, { user_metadata: { phone_verified: true } }]) {
      const { phone } = await written();
      const claims = { phone, ...metadata };
      expect(await wamidsSeenBy(await personWith({ phone, confirmed: false, claims }))).toEqual([]);
    }
  });

  test("whose account has another phone, or none, than the token says", async () => {
    const { phone } = await written();
    const claims = { phone };
    for (const account of [newPhone(), null]) {
      const person = await personWith({ phone: account, confirmed: true, claims });
      expect(await wamidsSeenBy(person)).toEqual([]);
    }
  });

  test("whose token says no phone, an empty one, or one in the metadata that users write", async () => {
    for (const claim of ["none", "empty", "null", "metadata"]) {
      const { phone } = await written();
      const claims = {
        none: {},
        empty: { phone: "" },
        null: { phone: null },
        metadata: { user_metadata: { phone } },
      }[claim];
      expect(
        await wamidsSeenBy(await personWith({ phone, confirmed: true, claims: claims ?? {} })),
      ).toEqual([]);
    }
  });

  test("where the tenant has not switched it on", async () => {
    const closed = await createTenant(sql);
    const { phone } = await written(closed);
    const person = await personWith({ phone, confirmed: true });
    expect(await wamidsSeenBy(person)).toEqual([]);
  });

  test("from the moment on when the phone is the contact's no more", async () => {
    const { phone, wamid } = await written();
    const person = await personWith({ phone, confirmed: true });
    expect(await wamidsSeenBy(person)).toEqual([wamid]);
    await sql`
      update public.whatsapp_contacts set phone = null, bsuid = ${crypto.randomUUID()}
      where phone = ${phone} and tenant_id = ${tenant.tenant_id}`;
    expect(await wamidsSeenBy(person)).toEqual([]);
  });
});
