import type { AppSecret, WebhookEvent } from "@wabase/cloud-api";
import { unwrap } from "@wabase/database";
import { z } from "zod";
import { type Cached, createCached } from "../_shared/cached.ts";
import type { Client } from "../_shared/clients.ts";

const tenantSchema = z.object({
  tenant_id: z.string(),
  app_secret: z.string().min(1),
  phone_number_ids: z.array(z.string()),
  waba_ids: z.array(z.string()),
});

const tenantSecretsSchema = z.object({
  verify_tokens: z.array(z.string().min(1)),
  tenants: z.array(tenantSchema),
});

/** What tenants have stored for webhooks of their own Meta apps (whatsapp_set_secret). */
export type TenantSecrets = z.infer<typeof tenantSecretsSchema>;

export const NO_TENANT_SECRETS: TenantSecrets = { verify_tokens: [], tenants: [] };

export function createTenantSecrets(createClient: () => Client): Cached<TenantSecrets> {
  let client: Client | null = null;
  return createCached(async () => {
    client ??= createClient();
    return tenantSecretsSchema.parse(unwrap(await client.rpc("whatsapp_webhook_secrets")));
  });
}

/**
 * The secrets that may vouch for these events: of a tenant to whom every one of them belongs. An admin knows
 * their tenant's secret, so it must not open the way to another's numbers, nor to a number that nobody has
 * yet and that another may have tomorrow.
 */
export function findVouchers(
  { tenants }: TenantSecrets,
  events: readonly WebhookEvent[],
): AppSecret[] {
  if (events.length === 0) return [];
  return tenants
    .filter(({ phone_number_ids, waba_ids }) =>
      events.every(({ phone_number_id, waba_id }) =>
        phone_number_id === null
          ? waba_id !== null && waba_ids.includes(waba_id)
          : phone_number_ids.includes(phone_number_id),
      ),
    )
    .map(({ tenant_id, app_secret }) => ({ id: `tenant ${tenant_id}`, secret: app_secret }));
}
