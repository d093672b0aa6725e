import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";

let cluster: TestCluster;
let postgres: Sql;

beforeAll(async () => {
  cluster = await startTestCluster();
  postgres = cluster.connect("postgres");
});
afterAll(() => cluster.stop());

test("create extension is open to the role postgres, which is no superuser, and a second time does nothing", async () => {
  for (let time = 0; time < 2; time += 1) {
    await postgres`create extension if not exists pg_cron with schema pg_catalog`;
    await postgres`create extension if not exists pg_net with schema extensions`;
    await postgres`create extension if not exists supabase_vault with schema vault cascade`;
  }
  expect(await postgres`select rolsuper from pg_roles where rolname = current_user`).toEqual([
    { rolsuper: false },
  ]);
  const owners = await postgres`
    select distinct nspowner::regrole::text as owner
    from pg_namespace where nspname in ('cron', 'net', 'vault')`;
  expect(owners).toEqual([{ owner: "supabase_admin" }]);
});

test("after a drop it works again, and its schemas are gone meanwhile", async () => {
  await postgres`drop extension pg_cron, pg_net`;
  expect(await postgres`select from pg_namespace where nspname in ('cron', 'net')`).toEqual([]);
  await postgres`create extension pg_cron`;
  await postgres`create extension pg_net`;
});
