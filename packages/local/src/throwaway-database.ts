import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { randomFreePort } from "./free-port.ts";
import { bootstrapPlatform } from "./platform/bootstrap.ts";
import { startCluster } from "./postgres/cluster.ts";
import { makeFolder, resolveHome } from "./postgres/home.ts";
import { pushMigrations } from "./supabase-cli.ts";

export interface ThrowawayDatabase {
  /** As the role postgres. */
  database_url: string;
  /** As the superuser supabase_admin. */
  superuser_url: string;
}

/**
 * Runs `use` with a new Postgres that only the platform bootstrap and the checkout's migrations have
 * touched, and removes it afterwards.
 */
export async function withThrowawayDatabase<Result>(
  workdir: string,
  use: (database: ThrowawayDatabase) => Promise<Result>,
): Promise<Result> {
  const home = resolveHome(workdir);
  makeFolder(join(home, "throwaway"));
  const state_dir = makeFolder(join(home, "throwaway", randomUUID().slice(0, 8)));
  try {
    const cluster = await startCluster({
      home,
      data_dir: join(state_dir, "data"),
      port: await randomFreePort(),
      durable: false,
    });
    try {
      const database_url = cluster.url("postgres", "postgres");
      const superuser_url = cluster.url("postgres", "supabase_admin");
      await bootstrapPlatform(superuser_url);
      await pushMigrations(workdir, database_url);
      return await use({ database_url, superuser_url });
    } finally {
      await cluster.stop();
    }
  } finally {
    rmSync(state_dir, { recursive: true, force: true });
  }
}
