import type postgres from "postgres";

/** One privilege or setting of the catalogue, as a line of text. */
export type Privilege = string;

/** Every grant, default privilege, owner and RLS switch of the database, but the system's own schemas'. */
export async function readPrivileges(sql: postgres.Sql): Promise<Privilege[]> {
  const rows = await sql<{ line: string }[]>`
    with own as (
      select oid, nspname, nspacl, nspowner from pg_catalog.pg_namespace
      where nspname not like 'pg\\_%' and nspname not in ('information_schema', 'supabase_migrations')
    )
    select format('schema %s owner %s %s', nspname, nspowner::regrole, nspacl) as line from own
    union all
    select format('%s %s.%s owner %s rls %s/%s %s', relkind, nspname, relname, relowner::regrole,
      relrowsecurity, relforcerowsecurity, relacl)
    from pg_catalog.pg_class join own on own.oid = relnamespace where relkind not in ('i', 'I', 't')
    union all
    select format('column %s.%s.%s %s', nspname, relname, attname, attacl)
    from pg_catalog.pg_attribute
    join pg_catalog.pg_class on pg_class.oid = attrelid
    join own on own.oid = relnamespace where attacl is not null
    union all
    select format('function %s owner %s definer %s %s', pg_proc.oid::regprocedure, proowner::regrole, prosecdef, proacl)
    from pg_catalog.pg_proc join own on own.oid = pronamespace
    union all
    select format('policy %s %s %s to %s using %s check %s', polrelid::regclass, polname, polcmd,
      array(select rolname from pg_catalog.pg_roles where pg_roles.oid = any (polroles)),
      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    from pg_catalog.pg_policy
    union all
    select format('default %s in %s of %s %s', defaclobjtype, defaclnamespace::regnamespace, defaclrole::regrole, defaclacl)
    from pg_catalog.pg_default_acl
    union all
    select format('role %s super %s bypassrls %s inherit %s login %s config %s members %s', rolname, rolsuper,
      rolbypassrls, rolinherit, rolcanlogin, rolconfig,
      array(select member::regrole::text from pg_catalog.pg_auth_members where roleid = pg_roles.oid order by 1))
    from pg_catalog.pg_roles where rolname not like 'pg\\_%'
    order by 1`;
  return rows.map(({ line }) => line);
}
