import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import {
  people,
  publicClient,
  runSupabaseCli,
  signIn,
  startWorkbench,
  withThrowawayDatabase,
  type Workbench,
} from "@wabase/local";
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { readPrivileges } from "./support/privileges.ts";
import { makeStateFolder, ROOT, withConnection } from "./support/workbench.ts";

/** Roles that come in through the API. */
const API_ROLES = ["anon", "authenticated", "service_role"];

describe("a stack that has served requests", () => {
  const state_dir = makeStateFolder("catalogue");
  let bench: Workbench;

  beforeAll(async () => {
    bench = await startWorkbench({ workdir: ROOT, state_dir, port: 0, durable: false });
  });
  afterAll(async () => {
    await bench.stop();
    rmSync(state_dir, { recursive: true, force: true });
  });

  test("grants exactly what the platform and the migrations grant, and nothing more", async () => {
    await useEveryService(bench);
    const here = await withConnection(bench.stack.superuser_url, readPrivileges);
    const pristine = await withThrowawayDatabase(ROOT, ({ superuser_url }) =>
      withConnection(superuser_url, readPrivileges),
    );
    expect(pristine.length).toBeGreaterThan(150);
    expect(here).toEqual(pristine);
  });

  test("answers 42501 to anon, agent and service key for a table without a grant", async () => {
    await withConnection(bench.stack.database_url, async (sql) => {
      await sql`create table public.without_a_grant (id integer primary key)`;
    });
    const { url, keys } = bench.stack;
    const service = createClient(url, keys.secret_key, { auth: { persistSession: false } });
    const anon = createClient(url, keys.publishable_key, { auth: { persistSession: false } });
    const agent = createClient(url, keys.publishable_key, { auth: { persistSession: false } });
    await agent.auth.signInWithPassword({
      email: "agent@demo.test",
      password: people.DEMO_PASSWORD,
    });
    for (const client of [anon, agent, service]) {
      await expect
        .poll(async () => (await client.from("without_a_grant").select("*")).error?.code)
        .toBe("42501");
    }
  });
});

/** Lite changes grants when it is first used: so each of its parts is used, by each kind of caller. */
async function useEveryService({ stack }: Workbench): Promise<void> {
  const service = createClient(stack.url, stack.keys.secret_key, {
    auth: { persistSession: false },
  });
  for (const client of [
    publicClient(stack),
    await signIn(stack, "agent@demo.test"),
    await signIn(stack, people.DEMO_STRANGER),
    service,
  ]) {
    await client.from("whatsapp_messages").select("id").limit(1);
    await client.from("whatsapp_messages").insert({ type: "text" });
    await client.rpc("whatsapp_mark_read", { message_id: crypto.randomUUID() });
    await client.storage.listBuckets();
    await client.storage.from("nothing").list();
  }
}

function onMigratedDatabase(use: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  return withThrowawayDatabase(ROOT, ({ superuser_url }) => withConnection(superuser_url, use));
}

describe("the migrations", () => {
  test("give every table of public and wabase RLS, partitions too, and anon nothing at all", async () => {
    await onMigratedDatabase(async (sql) => {
      const tables = await sql<{ name: string; has_rls: boolean; anon_may: string[] }[]>`
          select
            pg_class.oid::regclass::text as name,
            relrowsecurity as has_rls,
            array(
              select privilege from unnest(array['select','insert','update','delete','truncate','references','trigger']) as privilege
              where has_table_privilege('anon', pg_class.oid, privilege)
            ) as anon_may
          from pg_catalog.pg_class
          where relnamespace in ('public'::regnamespace, 'wabase'::regnamespace) and relkind in ('r', 'p', 'f')`;
      expect(tables.length).toBeGreaterThanOrEqual(9);
      for (const table of tables) expect(table).toMatchObject({ has_rls: true, anon_may: [] });

      const views = await sql`
          select pg_class.oid::regclass::text as name from pg_catalog.pg_class
          where relnamespace in ('public'::regnamespace, 'wabase'::regnamespace) and relkind in ('v', 'm')
            and not coalesce(reloptions @> array['security_invoker=true'], false)`;
      expect(views).toEqual([]);
    });
  });

  test("let each function be called by whom it is meant for, and by nobody else", async () => {
    await onMigratedDatabase(async (sql) => {
      const functions = await sql<{ name: string; callers: string[]; has_search_path: boolean }[]>`
        select
          pronamespace::regnamespace::text || '.' || proname as name,
          array(
            select role from unnest(${API_ROLES}::text[]) as role
            where has_function_privilege(role, pg_proc.oid, 'execute') order by role
          ) as callers,
          coalesce(proconfig::text like '%search_path=%', false) as has_search_path
        from pg_catalog.pg_proc
        where pronamespace in ('public'::regnamespace, 'wabase'::regnamespace)`;
      for (const { name, has_search_path } of functions) {
        expect({ name, has_search_path }).toEqual({ name, has_search_path: true });
      }
      const members = ["authenticated", "service_role"];
      const open = functions.filter(({ callers }) => callers.length > 0);
      expect(Object.fromEntries(open.map(({ name, callers }) => [name, callers]))).toEqual({
        "public.get_storage_size": ["service_role"],
        "public.whatsapp_accept_invitation": ["authenticated"],
        "public.whatsapp_access_token": ["service_role"],
        "public.whatsapp_add_campaign_recipients": members,
        "public.whatsapp_add_note": members,
        "public.whatsapp_administrated_wabas": members,
        "public.whatsapp_assign_conversation": members,
        "public.whatsapp_campaign_counts": members,
        "public.whatsapp_cancel_message": members,
        "public.whatsapp_change_campaign": members,
        "public.whatsapp_change_member_role": members,
        "public.whatsapp_close_conversation": members,
        "public.whatsapp_connect_number": ["service_role"],
        "public.whatsapp_count_conversations": members,
        "public.whatsapp_create_campaign": members,
        "public.whatsapp_delete_contact": members,
        "public.whatsapp_delete_conversation": members,
        "public.whatsapp_due_template_syncs": ["service_role"],
        "public.whatsapp_end_template_sync": ["service_role"],
        "public.whatsapp_enqueue_message": members,
        "public.whatsapp_export_conversation": members,
        "public.whatsapp_find_template": members,
        "public.whatsapp_ingest": ["service_role"],
        "public.whatsapp_invite_member": members,
        "public.whatsapp_journal": ["service_role"],
        "public.whatsapp_lease_media": ["service_role"],
        "public.whatsapp_lease_removals": ["service_role"],
        "public.whatsapp_lease_sends": ["service_role"],
        "public.whatsapp_link_people": ["service_role"],
        "public.whatsapp_list_conversations": members,
        "public.whatsapp_mark_read": members,
        "public.whatsapp_numbers_to_send_from": ["service_role"],
        "public.whatsapp_pause_number": members,
        "public.whatsapp_prepare_upload": members,
        "public.whatsapp_read_thread": members,
        "public.whatsapp_record_media": ["service_role"],
        "public.whatsapp_record_removals": ["service_role"],
        "public.whatsapp_record_sends": ["service_role"],
        "public.whatsapp_record_session": ["service_role"],
        "public.whatsapp_release_conversation": members,
        "public.whatsapp_remove_member": members,
        "public.whatsapp_reopen_conversation": members,
        "public.whatsapp_require_admin": members,
        "public.whatsapp_resume_number": members,
        "public.whatsapp_resume_template": members,
        "public.whatsapp_retry_media": members,
        "public.whatsapp_retry_message": members,
        "public.whatsapp_search_contacts": members,
        "public.whatsapp_search_messages": members,
        "public.whatsapp_session_acquire": ["service_role"],
        "public.whatsapp_session_append": ["service_role"],
        "public.whatsapp_session_delete": ["service_role"],
        "public.whatsapp_session_list": ["service_role"],
        "public.whatsapp_session_publish": ["service_role"],
        "public.whatsapp_session_read": ["service_role"],
        "public.whatsapp_session_release": ["service_role"],
        "public.whatsapp_session_renew": ["service_role"],
        "public.whatsapp_session_usage": members,
        "public.whatsapp_set_secret": members,
        "public.whatsapp_start_first_template_sync": ["service_role"],
        "public.whatsapp_store_templates": ["service_role"],
        "public.whatsapp_take_conversation": members,
        "public.whatsapp_wake_dispatcher": ["service_role"],
        "public.whatsapp_webhook_secrets": ["service_role"],
        "public.whatsapp_withdraw_invitation": members,
        "wabase.accept_invitation": ["authenticated"],
        "wabase.add_note": members,
        "wabase.add_recipients": members,
        "wabase.administrated_wabas": members,
        "wabase.assign_conversation": members,
        "wabase.campaign_counts": members,
        "wabase.cancel_message": members,
        "wabase.change_campaign": members,
        "wabase.change_member_role": members,
        "wabase.change_pause": members,
        "wabase.contact_words": ["service_role"],
        "wabase.contacts_i_am": members,
        "wabase.conversations_with_me": members,
        "wabase.count_conversations": members,
        "wabase.create_campaign": members,
        "wabase.delete_contact": members,
        "wabase.delete_conversation": members,
        "wabase.enqueue_message": members,
        "wabase.export_conversation": members,
        "wabase.find_contacts": members,
        "wabase.find_messages": members,
        "wabase.find_template": members,
        "wabase.fold_text": ["service_role"],
        "wabase.invite_member": members,
        "wabase.key_words": ["service_role"],
        "wabase.list_conversations": members,
        "wabase.mark_read": members,
        "wabase.may_hear": ["authenticated"],
        "wabase.message_words": ["service_role"],
        "wabase.my_teams": members,
        "wabase.my_tenants": members,
        "wabase.my_tenants_with_open_queue": members,
        "wabase.now": members,
        "wabase.prepare_upload": members,
        "wabase.release_conversation": members,
        "wabase.remove_member": members,
        "wabase.require_admin": members,
        "wabase.retry_media": members,
        "wabase.retry_message": members,
        "wabase.search_key": ["service_role"],
        "wabase.search_month": ["service_role"],
        "wabase.session_is_held": members,
        "wabase.session_usage": members,
        "wabase.set_conversation_state": members,
        "wabase.set_secret": members,
        "wabase.sort_name": ["service_role"],
        "wabase.split_words": ["service_role"],
        "wabase.take_conversation": members,
        "wabase.unspaced_script": ["service_role"],
        "wabase.uuid_v7": members,
        "wabase.withdraw_invitation": members,
      });
    });
  });

  test("leave Supabase's advisors nothing to say but what docs/decisions/004-access.md explains", async () => {
    await withThrowawayDatabase(ROOT, async ({ database_url }) => {
      const { stdout } = await runSupabaseCli(ROOT, [
        "db",
        "advisors",
        "--type=all",
        "--level=info",
        "--fail-on=none",
        `--remote=${database_url}`,
      ]);
      const found = z.array(findingSchema).parse(JSON.parse(stdout));
      // Nothing has been used in a database that has served nobody.
      const left = found.filter(({ name }) => name !== "unused_index");
      const lines = [...new Set(left.map(({ name, detail }) => `${name} ${tableOf(detail)}`))];
      expect(left.filter(({ level }) => level !== "INFO")).toEqual([]);
      expect(lines.toSorted()).toEqual(readExplained().toSorted());
    });
  });
});

const findingSchema = z.object({ name: z.string(), level: z.string(), detail: z.string() });

function tableOf(detail: string): string {
  return /`((?:public|wabase)\.\w+)`/.exec(detail)?.[1] ?? detail;
}

/** The list at the end of the decision: «- `name` …: why. `schema.table`, …». */
function readExplained(): string[] {
  const text = readFileSync(join(ROOT, "docs/decisions/004-access.md"), "utf8");
  const items = text.slice(text.indexOf("## What the advisors")).split(/^- /m).slice(1);
  return items.flatMap((item) => {
    const [name = "", ...tables] = [...item.matchAll(/`([\w.]+)`/g)].map(([, code]) => code ?? "");
    return tables
      .filter((table) => /^(public|wabase)\./.test(table))
      .map((table) => `${name} ${table}`);
  });
}
