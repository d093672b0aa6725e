import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  type Actor,
  type ActorName,
  type Actors,
  CONTACT_PHONE,
  createActors,
} from "./matrix/actors.ts";
import { type Catalogue, readCatalogue } from "./matrix/catalogue.ts";
import { createFixture, type Fixture } from "./matrix/fixture.ts";
import { filesOf } from "./matrix/storage.ts";
import { mayHear } from "./matrix/topics.ts";
import { connect } from "./support/workbench.ts";

const sql = connect();
const place = inject("workbench");
let actors: Actors;
let catalogue: Catalogue;
let fixture: Fixture;
/** What only those may meet who may read the fixture's conversation. */
let secrets: string[];

beforeAll(async () => {
  actors = await createActors(place, sql);
  catalogue = await readCatalogue(sql);
  const tables = catalogue.relations.filter(({ kind }) => kind === "table");
  fixture = await createFixture(
    sql,
    actors,
    tables.map(({ name }) => name),
  );
  secrets = [
    fixture.conversation_id,
    fixture.contact_id,
    fixture.message_id,
    CONTACT_PHONE,
    "What Mara wrote",
    "What the team notes",
    "What links a phone",
  ];
}, 240_000);
afterAll(() => sql.end());

/** They are of the tenant, or not, and may not read the conversation. */
const OUTSIDERS = ["anon", "stranger", "agent", "other admin"] as const satisfies ActorName[];

async function get(actor: Actor, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${place.url}/rest/v1/${path}`, {
    headers: { ...actor.headers, ...headers },
  });
  return { response, text: await response.text() };
}

function expectNoSecret(text: string, what: string): void {
  for (const secret of secrets) {
    expect(
      text.includes(secret) ? `${what} shows ${secret}: ${text.slice(0, 300)}` : null,
    ).toBeNull();
  }
}

describe("nobody who may not read a conversation learns of it", () => {
  test("by embedding, along every foreign key, in both directions", async () => {
    const keys = await sql<{ name: string; from: string; to: string }[]>`
      select conname as name, from_table.relname as from, to_table.relname as to
      from pg_catalog.pg_constraint
      join pg_catalog.pg_class as from_table on from_table.oid = conrelid
      join pg_catalog.pg_class as to_table on to_table.oid = confrelid
      where contype = 'f' and connamespace = 'public'::regnamespace and confrelid::regclass::text not like 'auth.%'`;
    expect(keys.length).toBeGreaterThan(25);
    for (const { name, from, to } of keys) {
      for (const outsider of OUTSIDERS) {
        for (const path of [
          `${from}?select=*,${to}!${name}(*)`,
          `${to}?select=*,${from}!${name}(*)`,
          `${to}?select=*,${from}!${name}!inner(*)`,
        ]) {
          expectNoSecret((await get(actors[outsider], path)).text, `${outsider}: ${path}`);
        }
      }
    }
  }, 240_000);

  test("by a filter or an order on what is hidden", async () => {
    const phone = `phone=like.${CONTACT_PHONE.slice(0, 6)}*`;
    const { agent, admin } = actors;
    const path =
      `whatsapp_numbers?select=id,c:whatsapp_conversations!number_is_of_the_same_tenant!inner` +
      `(p:whatsapp_contacts!contact_is_of_the_same_tenant!inner(phone))&c.p.${phone}&id=eq.${fixture.number_id}`;
    // The number, which the agent may read, shows only where the filter finds what they may read.
    expect(JSON.parse((await get(admin, path)).text)).toHaveLength(1);
    expect(JSON.parse((await get(agent, path)).text)).toEqual([]);
    const direct = await get(agent, `whatsapp_contacts?select=id&${phone}`);
    expect(JSON.parse(direct.text)).toEqual([]);
    const without = await get(agent, `whatsapp_conversations?select=id&order=last_message_at.desc`);
    expectNoSecret(without.text, "ordered");
  });

  test.each([
    ["exact", 0],
    // A guess of the planner's, made under the same policies: it must not be the table's size.
    ["planned", 1000],
    ["estimated", 1000],
  ])("by a count that is %s", async (kind, most) => {
    for (const { name } of catalogue.relations) {
      const { response } = await get(actors.stranger, `${name}?select=*&limit=1`, {
        prefer: `count=${kind}`,
      });
      const total = Number(response.headers.get("content-range")?.split("/")[1] ?? 0);
      expect({ name, is_little: total <= most }).toEqual({ name, is_little: true });
    }
  });

  test("by what an error says, whether a row is there or not", async () => {
    const absent = crypto.randomUUID();
    const post = async (actor: Actor, path: string, body: object) => {
      const response = await fetch(`${place.url}/rest/v1/${path}`, {
        method: "POST",
        headers: { ...actor.headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.text() };
    };
    const calls: [string, (id: string) => object, string][] = [
      ["whatsapp_mark_read", (message_id) => ({ message_id }), fixture.message_id],
      ["whatsapp_delete_contact", (contact_id) => ({ contact_id }), fixture.contact_id],
      [
        "whatsapp_withdraw_invitation",
        (invitation_id) => ({ invitation_id }),
        fixture.invitation_id,
      ],
      ["whatsapp_cancel_message", (message_id) => ({ message_id }), fixture.message_id],
      ["whatsapp_retry_message", (message_id) => ({ message_id }), fixture.message_id],
      ["whatsapp_retry_media", (message_id) => ({ message_id }), fixture.message_id],
      ["whatsapp_pause_number", (number_id) => ({ number_id }), fixture.number_id],
      ["whatsapp_campaign_counts", (campaign_id) => ({ campaign_id }), fixture.campaign_id],
      [
        "whatsapp_prepare_upload",
        (conversation_id) => ({ target: { conversation_id } }),
        fixture.conversation_id,
      ],
      ["whatsapp_require_admin", (tenant_id) => ({ tenant_id }), fixture.tenant_id],
      [
        "whatsapp_add_note",
        (conversation_id) => ({ conversation_id, body: "x" }),
        fixture.conversation_id,
      ],
    ];
    for (const [name, argumentsOf, id] of calls) {
      for (const outsider of ["stranger", "other admin"] as const) {
        const hidden = await post(actors[outsider], `rpc/${name}`, argumentsOf(id));
        expect(hidden).toEqual(await post(actors[outsider], `rpc/${name}`, argumentsOf(absent)));
      }
    }
    const team = (name: string) =>
      post(actors["other admin"], "whatsapp_teams", { tenant_id: fixture.tenant_id, name });
    expect(await team("Team")).toEqual(await team("No such team"));
  });

  test("by `returning`, or by what a write would touch", async () => {
    for (const outsider of ["stranger", "agent", "other admin"] as const) {
      for (const [method, path] of [
        ["PATCH", `whatsapp_teams?id=eq.${fixture.team_id}`],
        ["DELETE", `whatsapp_teams?id=eq.${fixture.team_id}`],
      ] as const) {
        const response = await fetch(`${place.url}/rest/v1/${path}`, {
          method,
          headers: {
            ...actors[outsider].headers,
            "content-type": "application/json",
            prefer: "return=representation,count=exact",
          },
          ...(method === "PATCH" ? { body: '{"name": "Ours"}' } : {}),
        });
        expect(await response.json()).toEqual([]);
      }
    }
    const [team] = await sql`select name from public.whatsapp_teams where id = ${fixture.team_id}`;
    expect(team).toEqual({ name: "Team" });
  });

  test("through views: each is read with the caller's own rights", async () => {
    const views = await sql`
      select relname as name from pg_catalog.pg_class
      where relnamespace in ('public'::regnamespace, 'wabase'::regnamespace)
        and (relkind = 'm' or relkind = 'v' and not coalesce(reloptions @> array['security_invoker=true'], false))`;
    expect(views).toEqual([]);
  });

  test("through functions: what members may call in public runs with their own rights", async () => {
    const functions = await sql`
      select proname as name from pg_catalog.pg_proc
      where pronamespace = 'public'::regnamespace and prosecdef
        and (has_function_privilege('authenticated', oid, 'execute') or has_function_privilege('anon', oid, 'execute'))`;
    expect(functions).toEqual([]);
  });

  test("by a topic that is only written differently", async () => {
    const { conversation_id, tenant_id } = fixture;
    const user_id = actors.assigned.user_id ?? "";
    const topics = [
      `whatsapp:conversation:${conversation_id}`,
      `WHATSAPP:conversation:${conversation_id}`,
      `whatsapp:conversation:${conversation_id.toUpperCase()}`,
      `whatsapp:conversation:${conversation_id} `,
      `whatsapp:conversation:${conversation_id}:x`,
      `whatsapp:tenant:${tenant_id}`,
      `whatsapp:member:${tenant_id}:${user_id}`,
      `whatsapp:member:${"-".repeat(36)}:${actors.agent.user_id}`,
      `whatsapp:member:' or true --${" ".repeat(22)}:${actors.agent.user_id}`,
      "whatsapp:",
      "whatsapp:conversation:%",
    ];
    for (const topic of topics) {
      for (const outsider of OUTSIDERS) {
        expect({ topic, heard: await mayHear(sql, { actor: actors[outsider], topic }) }).toEqual({
          topic,
          heard: "–",
        });
      }
    }
  });
});

describe("a row points only to rows of its own tenant", () => {
  test("wherever members write: every foreign key of these tables carries the tenant", async () => {
    const loose = await sql`
      select conrelid::regclass::text as table, conname as key from pg_catalog.pg_constraint
      where contype = 'f' and connamespace = 'public'::regnamespace
        and (has_any_column_privilege('authenticated', conrelid, 'insert') or has_any_column_privilege('authenticated', conrelid, 'update'))
        and confrelid <> 'public.whatsapp_tenants'::regclass
        and exists (select from pg_catalog.pg_attribute where attrelid = confrelid and attname = 'tenant_id')
        and not exists (
          select from pg_catalog.pg_attribute where attrelid = conrelid and attname = 'tenant_id' and attnum = any (conkey)
        )`;
    expect(loose).toEqual([]);
  });
});

describe("files in a private bucket", () => {
  const bucket = `leaks-${crypto.randomUUID()}`;
  beforeAll(async () => {
    await sql`insert into storage.buckets (id, name, public) values (${bucket}, ${bucket}, false)`;
    await filesOf(place, actors.service, bucket).files.upload("a/file.txt", new Blob(["secret"]));
  });

  test("are listed, read and signed by the service key alone", async () => {
    for (const name of [...OUTSIDERS, "viewer", "assigned", "admin", "contact"] as const) {
      const { files } = filesOf(place, actors[name], bucket);
      expect((await files.list("a")).data ?? []).toEqual([]);
      expect((await files.download("a/file.txt")).data).toBeNull();
      expect((await files.createSignedUrl("a/file.txt", 60)).data).toBeNull();
      expect((await files.createSignedUploadUrl("a/new.txt")).data).toBeNull();
      const open = await fetch(files.getPublicUrl("a/file.txt").data.publicUrl);
      expect(open.status).toBeGreaterThanOrEqual(400);
    }
  });

  test("open by a signed URL for its path and its time, and for no other", async () => {
    const { files } = filesOf(place, actors.service, bucket);
    await files.upload("a/other.txt", new Blob(["secret"]));
    const { data } = await files.createSignedUrl("a/file.txt", 60);
    const url = data?.signedUrl ?? "";
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url.replace("file.txt", "other.txt"))).status).toBeGreaterThanOrEqual(400);
    expect((await fetch(`${url.slice(0, -2)}xx`)).status).toBeGreaterThanOrEqual(400);
    const expired = await files.createSignedUrl("a/file.txt", 1);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect((await fetch(expired.data?.signedUrl ?? "")).status).toBeGreaterThanOrEqual(400);
  });
});
