import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres, { type Sql } from "postgres";
import { randomFreePort } from "../free-port.ts";
import { bootstrapPlatform } from "../platform/bootstrap.ts";
import { startCluster } from "../postgres/cluster.ts";
import { makeFolder, resolveHome } from "../postgres/home.ts";

/** A scratch Postgres that is a hosted project's platform and nothing more. For tests. */
export interface TestCluster {
  connect(user: string): Sql;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

export async function startTestCluster(): Promise<TestCluster> {
  const home = resolveHome(ROOT);
  makeFolder(join(home, "tests"));
  const state_dir = makeFolder(join(home, "tests", `extensions-${randomUUID().slice(0, 8)}`));
  const port = await randomFreePort();
  const cluster = await startCluster({
    home,
    data_dir: join(state_dir, "data"),
    port,
    durable: false,
    auth: "trust",
  });
  await bootstrapPlatform(cluster.url("postgres", "supabase_admin"));
  const clients: Sql[] = [];
  return {
    connect: (username) => {
      const options = {
        host: "127.0.0.1",
        port,
        database: "postgres",
        username,
        onnotice: () => {},
      };
      const client = postgres(options);
      clients.push(client);
      return client;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
      await cluster.stop();
      rmSync(state_dir, { recursive: true, force: true });
    },
  };
}
