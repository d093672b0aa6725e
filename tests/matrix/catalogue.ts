import type postgres from "postgres";

/** What the API could reach: read from the catalogue, so that nothing new escapes the matrix. */
export interface Catalogue {
  relations: Relation[];
  functions: string[];
  buckets: string[];
  /** Tables, views and functions of the schema `wabase`, which is not exposed. */
  hidden: { relations: string[]; functions: string[] };
}

export interface Relation {
  name: string;
  kind: "table" | "view";
  /** Those that can be written: what the database works out itself is refused to everybody, before any grant is asked. */
  columns: string[];
  /** What tells a row from others. */
  key: string[];
  /** The columns that an API role may insert where it may not insert all; else empty. */
  insertable: string[];
}

export async function readCatalogue(sql: postgres.Sql): Promise<Catalogue> {
  const relations = await sql<Relation[]>`
    select
      relname as name,
      case when relkind in ('r', 'p') then 'table' else 'view' end as kind,
      array(
        select attname::text from pg_catalog.pg_attribute
        where attrelid = class.oid and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a'
        order by attnum
      ) as columns,
      array(
        select attname::text from pg_catalog.pg_index
        join pg_catalog.pg_attribute on attrelid = indrelid and attnum = any (indkey)
        where indrelid = class.oid and indexrelid = (
          select indexrelid from pg_catalog.pg_index
          where indrelid = class.oid and indisunique and indpred is null order by not indisprimary, indexrelid limit 1
        )
      ) as key,
      array(
        select attname::text from pg_catalog.pg_attribute
        where attrelid = class.oid and attnum > 0 and not attisdropped
          and has_column_privilege('authenticated', class.oid, attnum, 'insert')
          and not has_table_privilege('authenticated', class.oid, 'insert')
      ) as insertable
    from pg_catalog.pg_class as class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition
    order by relname`;
  return {
    // A view has no index.
    relations: relations.map((relation) =>
      relation.key.length === 0 ? { ...relation, key: ["id"] } : relation,
    ),
    functions: await functionsOf(sql, "public"),
    buckets: (await sql<{ id: string }[]>`select id from storage.buckets order by id`).map(
      ({ id }) => id,
    ),
    hidden: {
      relations: (
        await sql<{ name: string }[]>`
          select relname as name from pg_catalog.pg_class
          where relnamespace = 'wabase'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition
          order by relname`
      ).map(({ name }) => name),
      functions: await functionsOf(sql, "wabase"),
    },
  };
}

async function functionsOf(sql: postgres.Sql, schema: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select distinct proname as name from pg_catalog.pg_proc
    where pronamespace = to_regnamespace(${schema}) and prorettype <> 'trigger'::regtype
      and not exists (select from pg_catalog.pg_depend where objid = pg_proc.oid and deptype = 'e')
    order by proname`;
  return rows.map(({ name }) => name);
}
