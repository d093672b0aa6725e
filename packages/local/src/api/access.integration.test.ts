import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  type Callers,
  createCallers,
  createFixture,
  type Fixture,
  request,
  signJwt,
} from "./test-fixture.ts";

const { keys } = inject("workbench");
let callers: Callers;
let fixture: Fixture;

beforeAll(async () => {
  callers = await createCallers();
  fixture = createFixture(callers);
  const { prefix } = fixture;
  await fixture.define(`
    create table public.${prefix}_closed (id int primary key);
    create table public.${prefix}_unsecured (id int primary key);
    insert into public.${prefix}_closed values (1);
    insert into public.${prefix}_unsecured values (1);
    create table public.${prefix}_own (id int primary key, owner uuid not null);
    alter table public.${prefix}_own enable row level security;
    grant select on public.${prefix}_own to authenticated;
    create policy "owners see theirs" on public.${prefix}_own for select to authenticated
      using (owner = (select auth.uid()));
    insert into public.${prefix}_own values (1, '${callers.user_id}'), (2, gen_random_uuid());
    create table public.${prefix}_open (id int primary key);
    grant select on public.${prefix}_open to anon, authenticated, service_role;
    create function public.${prefix}_closed_call() returns int language sql set search_path = '' as 'select 1';
    revoke all on function public.${prefix}_closed_call() from public;
    create table public.${prefix}_many (id int primary key);
    insert into public.${prefix}_many select generate_series(1, 1200);
    grant select on public.${prefix}_many to service_role`);
});
afterAll(() => fixture.drop());

describe("a table without a grant, RLS or not, after Lite has served others", () => {
  test.each(["_closed", "_unsecured"])("%s answers nobody but with 42501", async (name) => {
    for (const caller of [callers.anon, callers.user, callers.service]) {
      const read = await caller.from(`${fixture.prefix}${name}`).select();
      expect([read.data, read.error?.code]).toEqual([null, "42501"]);
      const write = await caller.from(`${fixture.prefix}${name}`).insert({ id: 2 });
      expect(write.error?.code).toBe("42501");
    }
  });

  test("it is 401 for anon and 403 for who is known, as PostgREST has it", async () => {
    const { anon, user, service } = callers;
    const reads = [anon, user, service].map((as) => as.from(`${fixture.prefix}_closed`).select());
    expect((await Promise.all(reads)).map(({ status }) => status)).toEqual([401, 403, 403]);
  });

  test("and nothing was granted meanwhile", async () => {
    const rows = await fixture.sql.unsafe(`
      select grantee::text, privilege_type from information_schema.role_table_grants
      where table_name = '${fixture.prefix}_closed' and grantee in ('anon', 'authenticated', 'service_role')
        and privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')`);
    expect([...rows]).toEqual([]);
  });

  test("a function without a grant is refused likewise", async () => {
    for (const caller of [callers.anon, callers.user, callers.service]) {
      expect((await caller.rpc(`${fixture.prefix}_closed_call`)).error?.code).toBe("42501");
    }
  });
});

test("with RLS and a grant to authenticated alone: anon 42501, a user sees by policy", async () => {
  const anon = await callers.anon.from(`${fixture.prefix}_own`).select();
  expect([anon.status, anon.error?.code]).toEqual([401, "42501"]);
  const user = await callers.user.from(`${fixture.prefix}_own`).select();
  expect(user.data).toEqual([{ id: 1, owner: callers.user_id }]);
  const service = await callers.service.from(`${fixture.prefix}_own`).select();
  expect(service.error?.code).toBe("42501");
});

const many = () => callers.service.from(`${fixture.prefix}_many`).select().order("id");

describe("max_rows of config.toml", () => {
  test("cuts a select at 1000 and says nothing of it", async () => {
    const { data, error } = await callers.service.from(`${fixture.prefix}_many`).select();
    expect([data?.length, error]).toEqual([1000, null]);
  });

  test("cuts a larger limit, leaves a smaller one, and the rest is there by range", async () => {
    expect((await many().limit(1100)).data).toHaveLength(1000);
    expect((await many().limit(5)).data).toHaveLength(5);
    const rest = await many().range(1000, 1999);
    expect([rest.data?.length, rest.data?.[0]]).toEqual([200, { id: 1001 }]);
  });

  test("does not cut the count", async () => {
    const rows = callers.service.from(`${fixture.prefix}_many`);
    expect((await rows.select("*", { count: "exact", head: true })).count).toBe(1200);
  });
});

/** Every kind of request; all but auth answer anon as well, so a refusal is one of the token. */
const PLACES: [string, () => string, string][] = [
  ["rest", () => `/rest/v1/${fixture.prefix}_open`, "GET"],
  ["auth", () => "/auth/v1/user", "GET"],
  ["a storage listing", () => "/storage/v1/object/list/nothing", "POST"],
  ["a storage listing v2", () => "/storage/v1/object/list-v2/nothing", "POST"],
  ["storage", () => "/storage/v1/bucket", "GET"],
];

function inAnHour(): number {
  return Math.floor(Date.now() / 1000) + 3600;
}

function userClaims(): object {
  return { sub: callers.user_id, role: "authenticated", aud: "authenticated", exp: inAnHour() };
}

describe.each(PLACES)("%s", (_, path, method) => {
  const send = async (headers: Record<string, string>): Promise<number> => {
    const body = method === "POST" ? { body: '{"prefix":""}' } : {};
    const json = { ...headers, "content-type": "application/json" };
    return (await request(path(), json, { method, ...body })).status;
  };
  const withToken = async (token: string): Promise<number> =>
    await send({ apikey: keys.publishable_key, authorization: `Bearer ${token}` });

  test("takes the right key with the right token", async () => {
    expect(await withToken(callers.token)).toBe(200);
  });

  test("without a key or with a wrong one it is 401, whatever the token", async () => {
    expect(await send({})).toBe(401);
    expect(await send({ apikey: "sb_publishable_wrong" })).toBe(401);
    expect(await send({ apikey: `${keys.secret_key}x` })).toBe(401);
    expect(await send({ authorization: `Bearer ${callers.token}` })).toBe(401);
    expect(await send({ authorization: `Bearer ${keys.secret_key}` })).toBe(401);
    expect(await send({ apikey: callers.token })).toBe(401);
  });

  test.each([
    ["of another secret", () => signJwt(userClaims(), { secret: "another secret" })],
    ["without a signature, alg none", () => signJwt(userClaims(), { alg: "none" })],
    ["that has expired", () => signJwt({ ...userClaims(), exp: inAnHour() - 7200 })],
    ["whose claims were changed", () => forge(callers.token, { role: "service_role" })],
    ["without a signature at all", () => signJwt(userClaims()).split(".").slice(0, 2).join(".")],
    ["that is none", () => "not.a.token"],
    ["that is one word", () => "rubbish"],
  ])("refuses a token %s", async (__, token) => {
    const status = await withToken(token());
    expect([400, 401, 403]).toContain(status);
  });
});

/** The token with other claims and its old signature. */
function forge(token: string, claims: object): string {
  const [header, payload = "", signature] = token.split(".");
  const old: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  const body = Buffer.from(JSON.stringify(Object.assign({}, old, claims))).toString("base64url");
  return `${header}.${body}.${signature}`;
}

test("the publishable key as Bearer, which supabase-js sends along, is anon", async () => {
  const response = await request(`/rest/v1/${fixture.prefix}_open`, {
    apikey: keys.publishable_key,
    authorization: `Bearer ${keys.publishable_key}`,
  });
  expect(response.status).toBe(200);
});

test("a forged token never reads as anybody: the secret key beside it does not help", async () => {
  const token = signJwt({ role: "service_role", exp: 9_999_999_999 }, { secret: "another" });
  const response = await request(`/rest/v1/${fixture.prefix}_many`, {
    apikey: keys.secret_key,
    authorization: `Bearer ${token}`,
  });
  expect(response.status).toBe(401);
  expect(await response.text()).not.toContain("[");
});
