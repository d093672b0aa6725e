import { inject } from "vitest";
import { createServiceClient } from "../supabase/service-client.ts";
import { describeStorage } from "../test-support/storage-contract.ts";
import { createSupabaseStorage } from "./supabase.ts";

function connect() {
  const { url, keys } = inject("workbench");
  return createServiceClient({ url, secret_key: keys.secret_key });
}

describeStorage("a Supabase bucket", {
  make: async () => createSupabaseStorage(connect()),
  // What a key without rights, or a project without the migration, is answered: «not found».
  makeUnreadable: async () => ({
    driver: createSupabaseStorage(connect(), "no-such-bucket"),
    path: "tenant/creds.json",
  }),
});
