import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Callers, createCallers, createFixture, type Fixture } from "./test-fixture.ts";

let callers: Callers;
let fixture: Fixture;

beforeAll(async () => {
  callers = await createCallers();
  fixture = createFixture(callers);
  const { prefix } = fixture;
  await fixture.define(`
    create function public.${prefix}_jsonb(value jsonb) returns text language sql
      set search_path = '' as $$ select jsonb_typeof(value) || ' ' || value $$;
    create function public.${prefix}_json(value json) returns text language sql
      set search_path = '' as $$ select json_typeof(value) || ' ' || value::jsonb $$;
    create function public.${prefix}_body(json) returns text language sql
      set search_path = '' as $$ select json_typeof($1) || ' ' || $1::jsonb $$;
    create table public.${prefix}_rows (id int primary key, value jsonb, note text check (note <> 'bad'));
    create function public.${prefix}_context() returns jsonb language sql set search_path = '' as $$
      select jsonb_build_object(
        'current_user', current_user, 'session_user', session_user,
        'claims', current_setting('request.jwt.claims')::jsonb,
        'uid', auth.uid(), 'role', auth.role(), 'jwt', auth.jwt(), 'email', auth.email(),
        'statement_timeout', current_setting('statement_timeout'),
        'lock_timeout', current_setting('lock_timeout')) $$;
    create function public.${prefix}_patient() returns text language sql set search_path = ''
      set statement_timeout = '25s' as $$ select current_setting('statement_timeout') $$;
    create function public.${prefix}_unqualified() returns int language sql as $$
      select length(gen_random_bytes(4)) $$;
    create function public.${prefix}_escape() returns text language plpgsql set search_path = '' as $$
      begin
        reset role;
        return current_user;
      end $$;
    create function public.${prefix}_raise(code text) returns void language plpgsql set search_path = '' as $$
      begin
        raise exception 'no, because %', code
          using errcode = code, hint = 'what to do', detail = 'more of it';
      end $$;
    create function public.${prefix}_raise_plainly() returns void language plpgsql set search_path = '' as $$
      begin
        raise exception 'plainly no';
      end $$;
    grant select, insert, update, delete on public.${prefix}_rows to service_role;
    grant execute on function public.${prefix}_jsonb(jsonb), public.${prefix}_json(json),
      public.${prefix}_body(json), public.${prefix}_context(), public.${prefix}_patient(),
      public.${prefix}_unqualified(), public.${prefix}_escape(), public.${prefix}_raise(text),
      public.${prefix}_raise_plainly() to anon, authenticated, service_role`);
});
afterAll(() => fixture.drop());

const VALUES: [unknown, string][] = [
  [{ a: { b: [1, "2", null, true] } }, 'object {"a": {"b": [1, "2", null, true]}}'],
  [{}, "object {}"],
  [[1, "2", [3], { a: null }], 'array [1, "2", [3], {"a": null}]'],
  [[], "array []"],
  ["hello", 'string "hello"'],
  ["", 'string ""'],
  ["123", 'string "123"'],
  ["null", 'string "null"'],
  ['{"a":1}', 'string "{\\"a\\":1}"'],
  ['it\'s "so" \\ ü', 'string "it\'s \\"so\\" \\\\ ü"'],
  [42, "number 42"],
  [1.5, "number 1.5"],
  [true, "boolean true"],
];

describe("rpc() hands a json argument over encoded once", () => {
  test.each(VALUES)("%j", async (value, expected) => {
    for (const type of ["jsonb", "json"]) {
      const { data, error } = await callers.service.rpc(`${fixture.prefix}_${type}`, { value });
      expect([type, data, error]).toEqual([type, expected, null]);
    }
  });

  test("null as the SQL null that hosted makes of it", async () => {
    const { data, error } = await callers.service.rpc(`${fixture.prefix}_jsonb`, { value: null });
    expect([data, error]).toEqual([null, null]);
  });

  test("a body that is the one unnamed argument", async () => {
    const { data } = await callers.service.rpc(`${fixture.prefix}_body`, { a: ["b", 1] });
    expect(data).toBe('object {"a": ["b", 1]}');
  });
});

test("a jsonb column holds what insert, upsert and update gave it", async () => {
  const rows = callers.service.from(`${fixture.prefix}_rows`);
  const values = VALUES.map(([value]) => value);
  const inserted = values.map((value, id) => ({ id, value }));
  expect((await rows.insert(inserted)).error).toBeNull();
  expect((await rows.select("id, value").order("id")).data).toEqual(inserted);
  for (const [id, { value }] of inserted.entries()) {
    const update = await rows.update({ value }).eq("id", id).select("value").single();
    expect(update.data).toEqual({ value });
    const upsert = await rows.upsert({ id, value }).select("value").single();
    expect(upsert.data).toEqual({ value });
  }
  const [row] = await fixture.sql.unsafe(
    `select jsonb_typeof(value) as type from ${fixture.prefix}_rows where value = '"123"'`,
  );
  expect(row).toEqual({ type: "string" });
});

async function context(caller: "anon" | "user" | "service") {
  const { data, error } = await callers[caller].rpc(`${fixture.prefix}_context`);
  expect(error).toBeNull();
  return data;
}

describe("a request runs as its caller", () => {
  test("anon: nobody's id, 3 seconds", async () => {
    expect(await context("anon")).toMatchObject({
      current_user: "anon",
      uid: null,
      role: "anon",
      jwt: { role: "anon" },
      claims: { role: "anon" },
      statement_timeout: "3s",
    });
  });

  test("a signed-in user: its id and all claims of its token, 8 seconds", async () => {
    const seen = await context("user");
    expect(seen).toMatchObject({
      current_user: "authenticated",
      uid: callers.user_id,
      role: "authenticated",
      claims: { sub: callers.user_id, role: "authenticated", aud: "authenticated" },
      statement_timeout: "8s",
    });
    expect(seen.jwt).toEqual(seen.claims);
    expect(seen.email).toBe(seen.claims.email);
  });

  test("the secret key: service_role, which has the 8 seconds of the login role", async () => {
    expect(await context("service")).toMatchObject({
      current_user: "service_role",
      uid: null,
      role: "service_role",
      claims: { role: "service_role" },
      statement_timeout: "8s",
    });
  });

  test("the session is PostgREST's, and its superuser out of a function's reach", async () => {
    expect(await context("anon")).toMatchObject({
      session_user: "authenticator",
      lock_timeout: "8s",
    });
    const { data } = await callers.anon.rpc(`${fixture.prefix}_escape`);
    expect(data).toBe("authenticator");
  });

  test("the extensions are on the search path", async () => {
    expect((await callers.anon.rpc(`${fixture.prefix}_unqualified`)).data).toBe(4);
  });

  test("a function's own statement_timeout holds for the call, and for no other", async () => {
    expect((await callers.anon.rpc(`${fixture.prefix}_patient`)).data).toBe("25s");
    expect((await context("anon")).statement_timeout).toBe("3s");
  });
});

const parts = (code: string) => ({
  code,
  message: `no, because ${code}`,
  hint: "what to do",
  details: "more of it",
});

describe("what RAISE says arrives as PostgREST passes it on", () => {
  test.each([
    ["42501", 403],
    ["22023", 400],
    ["23505", 409],
    ["23503", 409],
    ["23514", 400],
    ["P0001", 400],
    ["P0002", 500],
    ["40001", 500],
    ["57014", 500],
    ["28000", 403],
    ["53300", 503],
    ["WA001", 400],
    ["PT429", 429],
  ])("%s is %i", async (code, status) => {
    const answer = await callers.service.rpc(`${fixture.prefix}_raise`, { code });
    expect([answer.status, answer.error]).toMatchObject([status, parts(code)]);
  });

  test("42501 is 401 for anon, who might sign in, and 403 for a user", async () => {
    const answers = await Promise.all(
      [callers.anon, callers.user].map((caller) =>
        caller.rpc(`${fixture.prefix}_raise`, { code: "42501" }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 403]);
    for (const { error } of answers) expect(error).toMatchObject(parts("42501"));
  });

  test("a plain one is P0001", async () => {
    const { status, error } = await callers.anon.rpc(`${fixture.prefix}_raise_plainly`);
    expect(status).toBe(400);
    expect(error).toMatchObject({
      code: "P0001",
      message: "plainly no",
      hint: null,
      details: null,
    });
  });

  test("a violated check is 400 with the row in its details, for the caller alone", async () => {
    const rows = callers.service.from(`${fixture.prefix}_rows`);
    const { status, error } = await rows.insert({ id: 900, note: "bad" });
    expect([status, error?.code]).toEqual([400, "23514"]);
    expect(error?.details).toContain("Failing row contains (900");
  });

  test("update and delete without a filter are refused, as pg_safeupdate does", async () => {
    const rows = callers.service.from(`${fixture.prefix}_rows`);
    for (const { status, error } of [await rows.update({ note: "all" }), await rows.delete()]) {
      expect([status, error?.code]).toEqual([400, "21000"]);
    }
  });
});

describe("DDL is known without a restart", () => {
  test("a new function, a new table, a new column and a dropped function", async () => {
    const name = `${fixture.prefix}_later`;
    expect((await callers.service.rpc(name)).error?.code).toBe("PGRST202");
    await fixture.define(`
      create function public.${name}() returns text language sql set search_path = '' as $$ select 'here' $$;
      grant execute on function public.${name}() to service_role;
      create table public.${name}_rows (id int primary key);
      grant select, insert on public.${name}_rows to service_role`);
    expect((await callers.service.rpc(name)).data).toBe("here");
    expect((await callers.service.from(`${name}_rows`).select()).data).toEqual([]);
    await fixture.define(`
      alter table public.${name}_rows add column note text default 'x';
      drop function public.${name}()`);
    const inserted = await callers.service.from(`${name}_rows`).insert({ id: 1 }).select();
    expect(inserted.data).toEqual([{ id: 1, note: "x" }]);
    expect((await callers.service.rpc(name)).error?.code).toBe("PGRST202");
  });

  test("also where many statements follow each other closely", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `${fixture.prefix}_close_${index}`);
    for (const name of names) {
      await fixture.sql.unsafe(`
        create function public.${name}() returns int language sql set search_path = '' as 'select 1';
        grant execute on function public.${name}() to service_role`);
      void callers.service.rpc(name).then(() => undefined);
    }
    await fixture.define("select");
    const answers = await Promise.all(names.map((name) => callers.service.rpc(name)));
    expect(answers.map(({ data }) => data)).toEqual(names.map(() => 1));
  });
});
