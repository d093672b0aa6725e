import { createServiceClient } from "../_shared/clients.ts";
import { createIngest } from "./ingest.ts";
import { createWebhookHandler } from "./handler.ts";

const environment = Deno.env.toObject();

Deno.serve(createWebhookHandler(environment, () => createIngest(createServiceClient(environment))));
