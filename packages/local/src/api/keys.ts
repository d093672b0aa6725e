import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { generateApiKey } from "@supabase/lite";
import * as z from "zod";

const stackKeysSchema = z.object({
  /** `sb_publishable_…`: the browser's key; alone it is the role anon. */
  publishable_key: z.string(),
  /** `sb_secret_…`: the server's key, the role service_role. */
  secret_key: z.string(),
  /** Signs the users' JWTs (HS256). */
  jwt_secret: z.string(),
});

export type StackKeys = z.infer<typeof stackKeysSchema>;

/** Reads the stack's keys, or makes them at first start. The file is readable by its owner alone. */
export async function loadStackKeys(file: string): Promise<StackKeys> {
  if (existsSync(file)) return stackKeysSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const keys: StackKeys = {
    publishable_key: (await generateApiKey("publishable")).key,
    secret_key: (await generateApiKey("secret")).key,
    jwt_secret: randomBytes(32).toString("base64url"),
  };
  // Under another name first: a start that is killed here leaves no half a file.
  writeFileSync(`${file}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return keys;
}
