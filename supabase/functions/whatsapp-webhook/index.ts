import { createServiceClient } from "../_shared/clients.ts";
import { createIngest } from "./ingest.ts";
import { createWebhookHandler } from "./handler.ts";
import { createTenantSecrets } from "./tenant-secrets.ts";

const environment = Deno.env.toObject();
const createClient = () => createServiceClient(environment);

Deno.serve(
  createWebhookHandler(
    environment,
    () => createIngest(createClient()),
    createTenantSecrets(createClient),
  ),
);
