import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import postgres from "postgres";
import type { Stack } from "../stack.ts";
import { DEMO_MEMBERS, DEMO_NUMBER, DEMO_PASSWORD, DEMO_STRANGER, DEMO_TENANT } from "./people.ts";

type StackAddress = Pick<Stack, "url" | "keys" | "database_url">;

/** A tenant with one number, an admin, an agent and a viewer, and somebody who is in no tenant. */
export async function seedDemo(stack: StackAddress): Promise<void> {
  for (const { email } of [...DEMO_MEMBERS, { email: DEMO_STRANGER }]) await signUp(stack, email);
  const sql = postgres(stack.database_url, { max: 1, onnotice: () => {} });
  try {
    await tellAddress(sql, stack);
    await sql.begin(async (transaction) => {
      const [number] = await transaction`
        select 1 from public.whatsapp_numbers where phone_number_id = ${DEMO_NUMBER.phone_number_id}`;
      if (number !== undefined) return;
      const [tenant] = await transaction<{ id: string }[]>`
        insert into public.whatsapp_tenants (name) values (${DEMO_TENANT}) returning id`;
      if (tenant === undefined) throw new Error("the demo tenant was not made");
      await transaction`
        insert into public.whatsapp_numbers ${transaction({ ...DEMO_NUMBER, tenant_id: tenant.id })}`;
      for (const { email, role } of DEMO_MEMBERS) {
        await transaction`
          insert into public.whatsapp_members (tenant_id, user_id, role)
          select ${tenant.id}, id, ${role} from auth.users where email = ${email}`;
      }
    });
  } finally {
    await sql.end();
  }
}

/** Where pg_cron finds whatsapp-dispatch, as docs/deploy.md has it for a hosted project. */
async function tellAddress(sql: postgres.Sql, { url, keys }: StackAddress): Promise<void> {
  const secrets = {
    wabase_functions_url: `${url}/functions/v1`,
    wabase_secret_key: keys.secret_key,
  };
  for (const [name, secret] of Object.entries(secrets)) {
    const [known] = await sql<{ id: string }[]>`select id from vault.secrets where name = ${name}`;
    await (known === undefined
      ? sql`select vault.create_secret(${secret}, ${name})`
      : sql`select vault.update_secret(${known.id}, ${secret})`);
  }
}

/** A supabase-js client as a browser has it: the publishable key and a signed-in user. */
export async function signIn(
  stack: Pick<Stack, "url" | "keys">,
  email: string,
): Promise<SupabaseClient<Database>> {
  const client = publicClient(stack);
  const { error } = await client.auth.signInWithPassword({ email, password: DEMO_PASSWORD });
  if (error) throw new Error(`${email} could not sign in: ${error.message}`);
  return client;
}

export function publicClient(stack: Pick<Stack, "url" | "keys">): SupabaseClient<Database> {
  return createClient<Database>(stack.url, stack.keys.publishable_key, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}

async function signUp(stack: StackAddress, email: string): Promise<void> {
  const { error } = await publicClient(stack).auth.signUp({ email, password: DEMO_PASSWORD });
  if (error && error.code !== "user_already_exists") {
    throw new Error(`${email} could not sign up: ${error.message}`);
  }
}
