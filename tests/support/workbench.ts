import { createHmac, randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import { makeFolder, people, publicClient, resolveHome, signIn } from "@wabase/local";
import postgres from "postgres";
import { inject } from "vitest";

export const ROOT = resolve(import.meta.dirname, "../..");

/** A new folder for the state of a stack that a test starts; the test removes it. */
export function makeStateFolder(name: string): string {
  makeFolder(join(resolveHome(ROOT), "tests"));
  return makeFolder(join(resolveHome(ROOT), "tests", `${name}-${randomUUID().slice(0, 8)}`));
}

/** Numbers that the shared emulator serves; `createTenant()` gives each to one tenant. */
export const TEST_NUMBERS = Array.from({ length: 200 }, (_, index) => ({
  phone_number_id: `9000000${String(index).padStart(4, "0")}`,
  display_phone_number: `+1 555 010 ${String(index).padStart(4, "0")}`,
  waba_id: "8000000000001",
  verified_name: `Test number ${index}`,
}));

/** The shared stack's database as its superuser; close it in `afterAll`. */
export function connect(url = inject("workbench").superuser_url): postgres.Sql {
  return postgres(url, { max: 8, onnotice: () => {} });
}

/** Runs `use` with a connection of its own, which is closed afterwards. */
export async function withConnection<Result>(
  url: string,
  use: (sql: postgres.Sql) => Promise<Result>,
): Promise<Result> {
  const sql = connect(url);
  try {
    return await use(sql);
  } finally {
    await sql.end();
  }
}

type Client = SupabaseClient<Database>;

export interface TestTenant {
  tenant_id: string;
  number_id: string;
  phone_number_id: string;
  admin: Client;
  agent: Client;
  viewer: Client;
  /** auth.users ids. */
  user_ids: { admin: string; agent: string; viewer: string };
}

/** A tenant of a test's own, with one number that the emulator serves, an admin, an agent and a viewer. */
export async function createTenant(sql: postgres.Sql): Promise<TestTenant> {
  const roles = ["admin", "agent", "viewer"] as const;
  const [admin, agent, viewer] = await Promise.all(roles.map(() => signUpSomebody()));
  if (!admin || !agent || !viewer) throw new Error("sign-up failed");
  const user_ids = { admin: admin.user_id, agent: agent.user_id, viewer: viewer.user_id };
  return await sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(4711)`;
    const taken = await transaction<{ phone_number_id: string }[]>`
      select phone_number_id from public.whatsapp_numbers`;
    const number = TEST_NUMBERS.find(
      ({ phone_number_id }) => !taken.some((row) => row.phone_number_id === phone_number_id),
    );
    if (!number) throw new Error("all test numbers are taken: raise the length of TEST_NUMBERS");
    const [tenant] = await transaction<{ id: string }[]>`
      insert into public.whatsapp_tenants (name) values (${`Tenant of ${number.phone_number_id}`}) returning id`;
    const tenant_id = tenant?.id ?? "";
    const [row] = await transaction<{ id: string }[]>`
      insert into public.whatsapp_numbers ${transaction({ ...number, tenant_id })} returning id`;
    for (const role of roles) {
      await transaction`
        insert into public.whatsapp_members (tenant_id, user_id, role)
        values (${tenant_id}, ${user_ids[role]}, ${role})`;
    }
    return {
      tenant_id,
      number_id: row?.id ?? "",
      phone_number_id: number.phone_number_id,
      admin: admin.client,
      agent: agent.client,
      viewer: viewer.client,
      user_ids,
    };
  });
}

/** Somebody who is signed in, and a member of nothing. */
export async function signUpSomebody(): Promise<{ client: Client; user_id: string }> {
  const stack = inject("workbench");
  const email = `${randomUUID()}@example.test`;
  const { data, error } = await publicClient(stack).auth.signUp({
    email,
    password: people.DEMO_PASSWORD,
  });
  if (error || !data.user) throw new Error(`sign-up: ${error?.message ?? "no user"}`);
  return { client: await signIn(stack, email), user_id: data.user.id };
}

/** supabase-js with the secret key. */
export function serviceClient(): Client {
  const { url, keys } = inject("workbench");
  return createClient<Database>(url, keys.secret_key, { auth: { persistSession: false } });
}

/** supabase-js with the publishable key and nobody signed in. */
export function anonClient(): Client {
  return publicClient(inject("workbench"));
}

export interface PostOptions {
  /** Sign with this instead of the app's secret. */
  secret?: string;
  /** Send this header instead of a signature; null sends none. */
  signature?: string | null;
}

/** POSTs a body to whatsapp-webhook as Meta does: signed over its exact bytes. */
export async function postWebhook(
  body: string | Uint8Array<ArrayBuffer>,
  { secret = inject("workbench").app_secret, signature }: PostOptions = {},
): Promise<Response> {
  const header =
    signature === undefined
      ? `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`
      : signature;
  return await fetch(`${inject("workbench").url}/functions/v1/whatsapp-webhook`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(header === null ? {} : { "x-hub-signature-256": header }),
    },
    body,
  });
}

/** Calls whatsapp-send with the given headers. */
export async function postSend(body: unknown, headers: Record<string, string>): Promise<Response> {
  return await fetch(`${inject("workbench").url}/functions/v1/whatsapp-send`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** The headers that `functions.invoke()` sends for a signed-in user. */
export async function headersOf(client: Client): Promise<Record<string, string>> {
  const { data } = await client.auth.getSession();
  return {
    apikey: inject("workbench").keys.publishable_key,
    authorization: `Bearer ${data.session?.access_token ?? ""}`,
  };
}

let counter = 0;

/** A wamid that no other test has. */
export function newWamid(): string {
  counter += 1;
  return `wamid.${randomUUID()}.${counter}`;
}

/** A phone number that no other test has. */
export function newPhone(): string {
  return `49${String(Math.floor(Math.random() * 1e10)).padStart(10, "0")}`;
}

export interface InboundText {
  from: string;
  id?: string;
  text?: string;
  name?: string;
  /** Seconds since 1970. */
  timestamp?: number;
}

/** A `messages` webhook of Meta's with one change that holds these texts. */
export function textWebhook(phone_number_id: string, messages: InboundText[]): string {
  const value = {
    messaging_product: "whatsapp",
    metadata: { display_phone_number: "15550100000", phone_number_id },
    contacts: messages.map(({ from, name = "Somebody" }) => ({ profile: { name }, wa_id: from })),
    messages: messages.map(
      ({ from, id = newWamid(), text = "Hello", timestamp = nowSeconds() }) => ({
        from,
        id,
        timestamp: String(timestamp),
        type: "text",
        text: { body: text },
      }),
    ),
  };
  return envelope([{ field: "messages", value }]);
}

export interface OutboundStatus {
  id: string;
  status: string;
  recipient_id: string;
  timestamp?: number;
  biz_opaque_callback_data?: string;
  errors?: unknown[];
}

/** A `messages` webhook of Meta's with one change that holds these statuses. */
export function statusWebhook(phone_number_id: string, statuses: OutboundStatus[]): string {
  const value = {
    messaging_product: "whatsapp",
    metadata: { display_phone_number: "15550100000", phone_number_id },
    statuses: statuses.map(({ timestamp = nowSeconds(), ...status }) => ({
      ...status,
      timestamp: String(timestamp),
    })),
  };
  return envelope([{ field: "messages", value }]);
}

export function envelope(changes: unknown[]): string {
  return JSON.stringify({
    object: "whatsapp_business_account",
    entry: [{ id: "8000000000001", changes }],
  });
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Looks until there is something; an error that names what was waited for. */
export async function waitFor<Value>(
  what: string,
  look: () => Promise<Value | null | undefined | false>,
  term_ms = 15_000,
): Promise<Value> {
  const deadline = Date.now() + term_ms;
  while (Date.now() < deadline) {
    const value = await look();
    if (value !== null && value !== undefined && value !== false) return value;
    await sleep(30);
  }
  throw new Error(`waited ${term_ms} ms in vain for: ${what}`);
}
