import postgres from "postgres";
import { afterAll, inject } from "vitest";
import { createSupabaseStorage } from "../storage/supabase.ts";
import { createServiceClient } from "../supabase/service-client.ts";
import { describeLogs } from "../test-support/log-contract.ts";
import { createSegmentLogs } from "./segment-logs.ts";
import { createSupabaseLogs } from "./supabase-logs.ts";

const { url, keys, superuser_url } = inject("workbench");
const sql = postgres(superuser_url, { max: 1, onnotice: () => {} });
afterAll(async () => {
  await sql.end();
});

const client = createServiceClient({ url, secret_key: keys.secret_key });
const logs = createSupabaseLogs(client);

async function expire(place: { tenant: string }): Promise<void> {
  await sql`update wabase.session_logs set lease_until = '-infinity' where tenant = ${place.tenant}`;
}

describeLogs("in Postgres", { make: async () => logs, expire });

describeLogs("segments in the bucket beside a lease in Postgres", {
  make: async () => createSegmentLogs(logs, createSupabaseStorage(client)),
  expire,
});
