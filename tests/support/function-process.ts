import { join } from "node:path";
import { type DenoProcess, startDenoProcess } from "@wabase/local";
import type { OwnWorkbench } from "./own-workbench.ts";
import { ROOT } from "./workbench.ts";

/** An Edge Function in a process of its own, beside the one of the stack. */
export interface FunctionProcess {
  /** Calls it with the secret key; null where its process ends before it has answered. */
  call(body: object): Promise<Response | null>;
  /** As kill -9 does. */
  kill(): void;
  stop(): Promise<void>;
}

export async function startFunctionProcess(
  { bench }: Pick<OwnWorkbench, "bench">,
  name: string,
  env: Record<string, string> = {},
): Promise<FunctionProcess> {
  const { url, keys } = bench.stack;
  const deno: DenoProcess = await startDenoProcess(
    { name, folder: join(ROOT, "supabase/functions", name), verify_jwt: false },
    {
      env: {
        SUPABASE_URL: url,
        SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable_key }),
        SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret_key }),
        WHATSAPP_ACCESS_TOKEN: bench.access_token,
        WHATSAPP_GRAPH_URL: bench.emulator_url,
        ...env,
      },
      log: () => {},
    },
  );
  await deno.ready;
  return {
    async call(body) {
      try {
        return await fetch(`http://127.0.0.1:${deno.port}/${name}`, {
          method: "POST",
          headers: { apikey: keys.secret_key },
          body: JSON.stringify(body),
        });
      } catch {
        return null;
      }
    },
    kill: () => void process.kill(deno.pid, "SIGKILL"),
    stop: () => deno.stop(),
  };
}
