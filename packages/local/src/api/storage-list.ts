import type postgres from "postgres";
import * as z from "zod";
import type { Caller } from "./caller.ts";

/** Storage's own default for `list()`. */
const DEFAULT_LIMIT = 100;
/** Where `storage.search` cuts a `list()`. */
const MAX_LIST = 1500;
/** Storage's own ceiling for `listV2()`. */
const MAX_LIST_V2 = 1000;

const listSchema = z.object({
  prefix: z.string().default(""),
  limit: z.number().int().positive().default(DEFAULT_LIMIT),
  offset: z.number().int().nonnegative().default(0),
  search: z.string().default(""),
  sortBy: z
    .object({
      column: z.enum(["name", "updated_at", "created_at", "last_accessed_at"]).default("name"),
      order: z.enum(["asc", "desc"]).default("asc"),
    })
    .default({ column: "name", order: "asc" }),
});

const listV2Schema = z.object({
  prefix: z.string().default(""),
  limit: z.number().int().positive().default(MAX_LIST_V2),
  cursor: z.string().optional(),
  with_delimiter: z.boolean().default(false),
});

interface Entry {
  name: string;
  id: string | null;
  /** ISO 8601, as JSON has them on hosted. */
  updated_at: string | null;
  created_at: string | null;
  last_accessed_at: string | null;
  metadata: unknown;
}

/**
 * `POST /object/list/<bucket>` as hosted answers it: one level below the prefix, names relative to it,
 * a folder as a row whose id is null, at most 100 rows unless told otherwise, upper and lower case
 * alike. Supabase Lite answers whole paths and no folders. Runs under the caller's role, so policies
 * on storage.objects decide.
 */
export async function listObjects(
  sql: postgres.Sql,
  caller: Caller,
  { bucket, body }: { bucket: string; body: unknown },
): Promise<Entry[]> {
  const { prefix, limit, offset, search, sortBy } = listSchema.parse(body);
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const objects = await asCaller(
    sql,
    caller,
    (transaction) => transaction<Entry[]>`
      select ${columns(transaction)} from storage.objects
      where bucket_id = ${bucket} and starts_with(lower(name), lower(${folder + search}))
      order by ${orderBy(transaction, sortBy.column)} ${sortBy.order === "asc" ? sql`asc` : sql`desc`}`,
  );
  const entries = foldBelow(objects, folder + search).map((entry) => ({
    ...entry,
    name: entry.name.slice(folder.length).replace(/\/$/, ""),
  }));
  const sorted = sortBy.column === "name" ? entries : foldersFirst(entries, sortBy.order);
  return sorted.slice(offset, offset + Math.min(limit, MAX_LIST));
}

interface PageV2 {
  hasNext: boolean;
  nextCursor?: string;
  folders: { name: string; key: string }[];
  objects: (Entry & { key: string })[];
}

/** `POST /object/list-v2/<bucket>`: paged by a cursor; Supabase Lite has no such route. */
export async function listObjectsV2(
  sql: postgres.Sql,
  caller: Caller,
  { bucket, body }: { bucket: string; body: unknown },
): Promise<PageV2> {
  const { prefix, limit, cursor, with_delimiter } = listV2Schema.parse(body);
  const after = cursor === undefined ? "" : Buffer.from(cursor, "base64url").toString("utf8");
  const objects = await asCaller(
    sql,
    caller,
    (transaction) => transaction<Entry[]>`
      select ${columns(transaction)} from storage.objects
      where bucket_id = ${bucket} and starts_with(name, ${prefix})
      order by name collate "C"`,
  );
  const items = with_delimiter ? foldBelow(objects, prefix) : objects;
  const rest = items.filter(
    (item) => Buffer.compare(Buffer.from(item.name), Buffer.from(after)) > 0,
  );
  const page = rest.slice(0, Math.min(limit, MAX_LIST_V2));
  const last = page.at(-1);
  const hasNext = rest.length > page.length;
  return {
    hasNext,
    ...(hasNext && last ? { nextCursor: Buffer.from(last.name).toString("base64url") } : {}),
    folders: page.filter((item) => item.id === null).map(({ name }) => ({ name, key: name })),
    objects: page.filter((item) => item.id !== null).map((item) => ({ ...item, key: item.name })),
  };
}

/** Objects deeper than one level below the prefix become one row for their folder, where its first is. */
function foldBelow(objects: Entry[], prefix: string): Entry[] {
  const entries = new Map<string, Entry>();
  for (const object of objects) {
    const slash = object.name.indexOf("/", prefix.length);
    const name = slash === -1 ? object.name : object.name.slice(0, slash + 1);
    if (!entries.has(name)) entries.set(name, slash === -1 ? object : folderEntry(name));
  }
  return [...entries.values()];
}

function folderEntry(name: string): Entry {
  const none = { id: null, updated_at: null, created_at: null, last_accessed_at: null };
  return { name, ...none, metadata: null };
}

function foldersFirst(entries: Entry[], order: "asc" | "desc"): Entry[] {
  const folders = entries
    .filter(({ id }) => id === null)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (order === "desc") folders.reverse();
  return [...folders, ...entries.filter(({ id }) => id !== null)];
}

type Transaction = postgres.TransactionSql;

async function asCaller(
  sql: postgres.Sql,
  caller: Caller,
  read: (transaction: Transaction) => Promise<Entry[]>,
): Promise<Entry[]> {
  return await sql.begin(async (transaction) => {
    await transaction`select set_config('session_authorization', 'authenticator', true),
      set_config('role', ${caller.role}, true),
      set_config('request.jwt.claims', ${JSON.stringify(caller.claims)}, true)`;
    return await read(transaction);
  });
}

function columns(transaction: Transaction): postgres.PendingQuery<postgres.Row[]> {
  const iso = (column: string): postgres.PendingQuery<postgres.Row[]> =>
    transaction`to_char(${transaction(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      as ${transaction(column)}`;
  return transaction`name, id::text, ${iso("updated_at")}, ${iso("created_at")},
    ${iso("last_accessed_at")}, metadata`;
}

function orderBy(transaction: Transaction, column: string): postgres.PendingQuery<postgres.Row[]> {
  if (column === "name") return transaction`lower(name) collate "C"`;
  return transaction`storage.objects.${transaction(column)}`;
}
