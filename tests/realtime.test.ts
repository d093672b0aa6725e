import { withThrowawayDatabase } from "@wabase/local";
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayHear, maySpeak } from "./matrix/topics.ts";
import { sendAs } from "./support/send.ts";
import { conversationHere } from "./support/outbox.ts";
import {
  connect,
  createTenant,
  newPhone,
  postWebhook,
  ROOT,
  type TestTenant,
  textWebhook,
  withConnection,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

interface Broadcast {
  topic: string;
  event: string;
  payload: { conversation_ids?: string[] | null; message_ids?: string[]; conversation_id?: string };
  private: boolean;
}

/** What `act` makes the database tell this tenant's listeners, in no order. */
async function broadcastsOf(act: () => PromiseLike<unknown>, place = tenant): Promise<Broadcast[]> {
  const [before] = await sql<{ ids: string[] }[]>`
    select coalesce(array_agg(id), '{}') as ids from realtime.messages`;
  await act();
  return await sql<Broadcast[]>`
    select topic, event, payload - 'id' as payload, private from realtime.messages
    where id <> all (${before?.ids ?? []})
      and (position(${place.tenant_id} in topic || payload::text) > 0 or payload ->> 'conversation_id' in (
        select id::text from public.whatsapp_conversations where tenant_id = ${place.tenant_id}))
    order by topic, event`;
}

const namesOf = (broadcasts: Broadcast[]) =>
  [...new Set(broadcasts.map(({ topic, event }) => `${event} @ ${topic}`))].toSorted();

describe("what is told", () => {
  test("of a new message: ids alone, to the conversation, the tenant and the queue", async () => {
    const { conversation_id, phone } = await conversationHere(sql, tenant);
    const told = await broadcastsOf(() =>
      postWebhook(textWebhook(tenant.phone_number_id, [{ from: phone, text: "Very secret" }])),
    );
    const { tenant_id } = tenant;
    expect(namesOf(told)).toEqual(
      [
        `conversations @ whatsapp:queue:${tenant_id}`,
        `conversations @ whatsapp:tenant:${tenant_id}`,
        `messages @ whatsapp:conversation:${conversation_id}`,
      ].toSorted(),
    );
    expect(told.every((broadcast) => broadcast.private)).toBe(true);
    expect(JSON.stringify(told)).not.toMatch(new RegExp(`Very secret|${phone}`));
    const [message] = await sql<{ id: string }[]>`
      select id from public.whatsapp_messages where body = 'Very secret' and conversation_id = ${conversation_id}`;
    expect(told.find(({ event }) => event === "messages")?.payload).toEqual({
      conversation_id,
      message_ids: [message?.id],
    });
  });

  test("of one that passes on: who had it and who has it, and nobody else", async () => {
    const { conversation_id } = await conversationHere(sql, tenant);
    const { tenant_id, user_ids } = tenant;
    const told = await broadcastsOf(() =>
      tenant.agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError(),
    );
    expect(namesOf(told)).toEqual(
      [
        `conversations @ whatsapp:member:${tenant_id}:${user_ids.agent}`,
        `conversations @ whatsapp:queue:${tenant_id}`,
        `conversations @ whatsapp:tenant:${tenant_id}`,
      ].toSorted(),
    );
    const afterwards = await broadcastsOf(() =>
      tenant.agent.rpc("whatsapp_close_conversation", { conversation_id }).throwOnError(),
    );
    expect(namesOf(afterwards)).toEqual(
      [
        `conversations @ whatsapp:member:${tenant_id}:${user_ids.agent}`,
        `conversations @ whatsapp:tenant:${tenant_id}`,
      ].toSorted(),
    );
  });

  test("of a note, a send and its states: that there is something, to the conversation", async () => {
    const { conversation_id } = await conversationHere(sql, tenant);
    const noted = await broadcastsOf(() =>
      tenant.agent.rpc("whatsapp_add_note", { conversation_id, body: "Hush" }).throwOnError(),
    );
    expect(noted).toMatchObject([
      {
        topic: `whatsapp:conversation:${conversation_id}`,
        event: "notes",
        payload: { conversation_id },
      },
    ]);
    expect(JSON.stringify(noted)).not.toContain("Hush");
    const sent = await broadcastsOf(() =>
      sendAs(tenant.agent, { conversation_id, type: "text", text: { body: "Hello" } }),
    );
    expect(namesOf(sent)).toContain(`messages @ whatsapp:conversation:${conversation_id}`);
  });

  test("of a batch about many conversations: the lists alone, once each, whatever its size", async () => {
    const place = await createTenant(sql);
    const people = Array.from({ length: 150 }, () => ({ from: newPhone() }));
    await postWebhook(textWebhook(place.phone_number_id, people));
    const told = await broadcastsOf(
      () => postWebhook(textWebhook(place.phone_number_id, people)),
      place,
    );
    expect(told.length).toBeLessThanOrEqual(8);
    expect(told.map(({ topic }) => topic.split(":")[1])).not.toContain("conversation");
    // More ids than are worth telling: the client reads its list anew.
    expect(told.every(({ payload }) => payload.conversation_ids === null)).toBe(true);
    const few = await broadcastsOf(
      () => postWebhook(textWebhook(place.phone_number_id, people.slice(0, 20))),
      place,
    );
    expect(few.find(({ event }) => event === "messages")?.payload.conversation_ids).toHaveLength(
      20,
    );
  });
});

describe("the migration", () => {
  const onDatabase = (use: (database: postgres.Sql, as_postgres: postgres.Sql) => Promise<void>) =>
    withThrowawayDatabase(ROOT, ({ superuser_url, database_url }) =>
      withConnection(superuser_url, (superuser) =>
        withConnection(database_url, (as_postgres) => use(superuser, as_postgres)),
      ),
    );
  const leftovers = (database: postgres.Sql) => database`
    select tgname as name from pg_catalog.pg_trigger where tgname like 'wabase_broadcast%'
    union all select polname from pg_catalog.pg_policy where polrelid = to_regclass('realtime.messages')`;
  const turnOff = async (database: postgres.Sql) => {
    for (const { tgname, relation } of await database<{ tgname: string; relation: string }[]>`
      select tgname, tgrelid::regclass::text as relation from pg_catalog.pg_trigger where tgname like 'wabase_broadcast%'`) {
      await database.unsafe(`drop trigger ${tgname} on ${relation}`);
    }
    for (const { polname } of await database<{ polname: string }[]>`
      select polname from pg_catalog.pg_policy where polrelid = to_regclass('realtime.messages')`) {
      await database.unsafe(`drop policy "${polname}" on realtime.messages`);
    }
  };

  test("steps aside where the platform refuses it, leaves nothing, and can be tried again", async () => {
    await onDatabase(async (superuser, as_postgres) => {
      await turnOff(superuser);
      await superuser`revoke supabase_realtime_admin from postgres`;
      const [refused] = await as_postgres<{ answer: string }[]>`
        select wabase.enable_realtime() as answer`;
      expect(refused?.answer).toBe("off: must be owner of table messages");
      expect(await leftovers(superuser)).toEqual([]);
      await superuser`grant supabase_realtime_admin to postgres`;
      const [granted] = await as_postgres`select wabase.enable_realtime() as answer`;
      expect(granted).toEqual({ answer: "on" });
      expect(await leftovers(superuser)).toHaveLength(10);
      // Once is enough.
      expect(await as_postgres`select wabase.enable_realtime() as answer`).toEqual([
        { answer: "on" },
      ]);
    });
  });

  test("steps aside where there is no Realtime, and messages are stored all the same", async () => {
    await onDatabase(async (superuser, as_postgres) => {
      await turnOff(superuser);
      await superuser`drop schema realtime cascade`;
      const [answer] = await as_postgres`select wabase.enable_realtime() as answer`;
      expect(answer).toEqual({ answer: "off: this database has no Realtime" });
      await as_postgres`select public.whatsapp_ingest('[{"body": "{}", "secret_id": "x", "events": []}]')`;
    });
  });

  test("keeps our topics closed where the application has wide policies of its own", async () => {
    await onDatabase(async (superuser) => {
      await superuser`create policy "all" on realtime.messages for select to authenticated, anon using (true)`;
      await superuser`create policy "speak" on realtime.messages for insert to authenticated, anon with check (true)`;
      const callers = [
        { name: "anon", user_id: null, headers: {} },
        { name: "stranger", user_id: crypto.randomUUID(), headers: {} },
      ] as const;
      for (const actor of callers) {
        const ours = { actor, topic: `whatsapp:tenant:${crypto.randomUUID()}` };
        expect([await mayHear(superuser, ours), await maySpeak(superuser, ours)]).toEqual([
          "–",
          "–",
        ]);
        const theirs = { actor, topic: "room:1" };
        expect([await mayHear(superuser, theirs), await maySpeak(superuser, theirs)]).toEqual([
          "yes",
          "yes",
        ]);
      }
    });
  });
});
