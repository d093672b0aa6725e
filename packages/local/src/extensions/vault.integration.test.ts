import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";

let cluster: TestCluster;
let postgres: Sql;

async function as<T>(role: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const reserved = await postgres.reserve();
  try {
    await reserved`set role ${reserved(role)}`;
    return await work(reserved);
  } finally {
    await reserved`reset role`;
    reserved.release();
  }
}

beforeAll(async () => {
  cluster = await startTestCluster();
  postgres = cluster.connect("postgres");
  await postgres`create extension if not exists supabase_vault with schema vault cascade`;
});
afterAll(() => cluster.stop());

test("a secret comes back as it was given, and the table does not hold it", async () => {
  await postgres`select vault.create_secret('sk-pläin', 'round trip', 'for a test')`;
  expect(
    await postgres`
      select name, description, decrypted_secret, key_id
      from vault.decrypted_secrets where name = 'round trip'`,
  ).toEqual([
    { name: "round trip", description: "for a test", decrypted_secret: "sk-pläin", key_id: null },
  ]);
  const [row] = await postgres<{ stored: string }[]>`
    select secrets::text || encode(decode(secret, 'base64'), 'escape') as stored
    from vault.secrets where name = 'round trip'`;
  expect(row?.stored).not.toContain("sk-pl");
});

test("update_secret changes what is given and leaves the rest", async () => {
  const [row] = await postgres<{ id: string }[]>`
    select vault.create_secret('before', 'changing', 'kept') as id`;
  const id = row?.id ?? "";
  await postgres`select vault.update_secret(${id}, 'after')`;
  await postgres`select vault.update_secret(${id}, new_name => 'changed')`;
  expect(
    await postgres`
      select name, description, decrypted_secret from vault.decrypted_secrets where id = ${id}`,
  ).toEqual([{ name: "changed", description: "kept", decrypted_secret: "after" }]);
});

test("a name is taken once, and no name as often as one likes", async () => {
  await postgres`select vault.create_secret('a', 'once')`;
  await expect(postgres`select vault.create_secret('b', 'once')`).rejects.toMatchObject({
    code: "23505",
  });
  await postgres`select vault.create_secret('a'), vault.create_secret('a')`;
});

test("a ciphertext in another row is refused", async () => {
  await postgres`select vault.create_secret('one', 'row one'), vault.create_secret('two', 'row two')`;
  const admin = cluster.connect("supabase_admin");
  await admin`
    update vault.secrets set (secret, nonce) = (
      select secret, nonce from vault.secrets where name = 'row one'
    ) where name = 'row two'`;
  await expect(
    postgres`select decrypted_secret from vault.decrypted_secrets where name = 'row two'`,
  ).rejects.toMatchObject({ code: "39000" });
  await postgres`delete from vault.secrets where name = 'row two'`;
});

test("the key outlives a drop of the extension, so rows of a backup can be read again", async () => {
  const admin = cluster.connect("supabase_admin");
  const before = await admin`select vault._root_key() as key`;
  await admin`drop extension supabase_vault`;
  await postgres`create extension supabase_vault with schema vault`;
  expect(await admin`select vault._root_key() as key`).toEqual(before);
});

test.each(["anon", "authenticated"])("%s has nothing", async (role) => {
  for (const statement of [
    "select * from vault.secrets",
    "select * from vault.decrypted_secrets",
    "select vault.create_secret('x')",
    "delete from vault.secrets",
  ]) {
    await expect(as(role, (sql) => sql.unsafe(statement))).rejects.toMatchObject({
      code: "42501",
    });
  }
});

test.each(["postgres", "service_role"])(
  "%s reads and deletes, and writes by function",
  async (role) => {
    await as(role, async (sql) => {
      await sql`select vault.create_secret('seen', ${role})`;
      expect(
        await sql`select decrypted_secret from vault.decrypted_secrets where name = ${role}`,
      ).toEqual([{ decrypted_secret: "seen" }]);
      await expect(sql`insert into vault.secrets (secret) values ('plain')`).rejects.toMatchObject({
        code: "42501",
      });
      await expect(sql`update vault.secrets set secret = 'plain'`).rejects.toMatchObject({
        code: "42501",
      });
      await sql`delete from vault.secrets where name = ${role}`;
    });
  },
);

test("only the superuser reads the key", async () => {
  for (const statement of [
    "select vault._root_key()",
    "select pg_read_file('wabase_vault.key')",
    "select vault._crypto_aead_det_encrypt('', '', 0)",
  ]) {
    await expect(postgres.unsafe(statement)).rejects.toMatchObject({ code: "42501" });
  }
});
