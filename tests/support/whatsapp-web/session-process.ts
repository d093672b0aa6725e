// Run by tests in a process of its own, which they kill: one session, connected, that sends what it is told to.
import * as z from "zod";
import { createSessionManager } from "../../../packages/sessions/src/connection/session-manager.ts";
import { createKeyRing } from "../../../packages/sessions/src/crypto/key-ring.ts";
import { createSupabaseLogs } from "../../../packages/sessions/src/log/supabase-logs.ts";
import { createSupabaseStorage } from "../../../packages/sessions/src/storage/supabase.ts";
import { createServiceClient } from "../../../packages/sessions/src/supabase/service-client.ts";
import { STAND_IN_SETTINGS } from "./customer.ts";
import { trust } from "./server.ts";

const settings = z
  .object({
    tenant: z.string(),
    name: z.string(),
    server_url: z.string(),
    root_key: z.string(),
    url: z.string(),
    secret_key: z.string(),
    key: z.string(),
    lease_ms: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? ""));

const orderSchema = z.union([
  z.object({ send: z.string(), to: z.string() }),
  z.object({ close: z.literal(true) }),
]);

const tell = (message: Record<string, unknown>): void => void process.send?.(message);

trust(settings.root_key);
const client = createServiceClient({ url: settings.url, secret_key: settings.secret_key });
const manager = createSessionManager({
  client,
  auth: {
    backend: {
      driver: createSupabaseStorage(client),
      logs: createSupabaseLogs(client),
      keys: createKeyRing([["k1", Buffer.from(settings.key, "base64")]]),
    },
    lease_ms: settings.lease_ms,
  },
  settings: { waWebSocketUrl: settings.server_url, ...STAND_IN_SETTINGS },
  times: { base_ms: 50, max_ms: 500, replaced_ms: 100 },
  log: (level, line) => console.log(level, line),
});

const connection = await manager.open(settings.tenant, settings.name, { wait_ms: 60_000 });
connection.events.on("qr", (qr) => tell({ qr }));
connection.events.on("undecryptable", (reason) => tell({ undecryptable: reason }));
connection.events.on("end", ({ state, error }) => tell({ ended: state, code: error?.code }));
process.on("message", (order) => {
  obey(orderSchema.parse(order)).catch((error: unknown) => tell({ failed: String(error) }));
});
await connection.whenOpen();
tell({ open: true });

async function obey(order: z.infer<typeof orderSchema>): Promise<void> {
  if ("close" in order) {
    await manager.close();
    process.disconnect();
    return;
  }
  const { status } = await connection.send(order.to, { text: order.send });
  tell({ sent: order.send, status });
}
