import type postgres from "postgres";
import * as z from "zod";
import type { Caller } from "./caller.ts";

/** Storage's own default for `list()`. */
const DEFAULT_LIMIT = 100;
/** Storage's own ceiling for `listV2()`. */
const MAX_LIMIT = 1000;

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
  limit: z.number().int().positive().max(MAX_LIMIT).default(MAX_LIMIT),
  cursor: z.string().optional(),
  with_delimiter: z.boolean().default(false),
});

interface Entry {
  name: string;
  id: string | null;
  updated_at: string | null;
  created_at: string | null;
  last_accessed_at: string | null;
  metadata: unknown;
}

/**
 * `POST /object/list/<bucket>` as hosted answers it: one level below the prefix, names relative to it,
 * a folder as a row whose id is null, at most 100 rows unless told otherwise. Supabase Lite answers
 * whole paths and no folders. Runs under the caller's role, so policies on storage.objects decide.
 */
export async function listObjects(
  sql: postgres.Sql,
  caller: Caller,
  { bucket, body }: { bucket: string; body: unknown },
): Promise<Entry[]> {
  const { prefix, limit, offset, search, sortBy } = listSchema.parse(body);
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const order = { column: sortBy.column, direction: sortBy.order === "desc" ? -1 : 1 };
  const rows = await entriesBelow(sql, caller, { bucket, folder });
  return rows
    .filter((row) => row.name.toLowerCase().startsWith(search.toLowerCase()))
    .toSorted((a, b) => order.direction * compare(a[order.column], b[order.column]))
    .slice(offset, offset + limit);
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
  const objects = await objectsFrom(sql, caller, { bucket, prefix });
  const items = with_delimiter ? foldBelow(objects, prefix) : objects;
  const rest = items.filter((item) => item.name > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const hasNext = rest.length > page.length;
  return {
    hasNext,
    ...(hasNext && last ? { nextCursor: Buffer.from(last.name).toString("base64url") } : {}),
    folders: page.filter((item) => item.id === null).map(({ name }) => ({ name, key: name })),
    objects: page.filter((item) => item.id !== null).map((item) => ({ ...item, key: item.name })),
  };
}

async function entriesBelow(
  sql: postgres.Sql,
  caller: Caller,
  { bucket, folder }: { bucket: string; folder: string },
): Promise<Entry[]> {
  const objects = await objectsFrom(sql, caller, { bucket, prefix: folder });
  return foldBelow(objects, folder).map((entry) => ({
    ...entry,
    name: entry.name.slice(folder.length).replace(/\/$/, ""),
  }));
}

/** Objects deeper than one level below the prefix become one row for their folder. */
function foldBelow(objects: Entry[], prefix: string): Entry[] {
  const entries = new Map<string, Entry>();
  for (const object of objects) {
    const slash = object.name.indexOf("/", prefix.length);
    if (slash === -1) entries.set(object.name, object);
    else entries.set(object.name.slice(0, slash + 1), folderEntry(object.name.slice(0, slash + 1)));
  }
  return [...entries.values()].toSorted((a, b) => compare(a.name, b.name));
}

function folderEntry(name: string): Entry {
  const none = { id: null, updated_at: null, created_at: null, last_accessed_at: null };
  return { name, ...none, metadata: null };
}

async function objectsFrom(
  sql: postgres.Sql,
  caller: Caller,
  { bucket, prefix }: { bucket: string; prefix: string },
): Promise<Entry[]> {
  return await sql.begin(async (transaction) => {
    await transaction`select set_config('role', ${caller.role}, true),
      set_config('request.jwt.claims', ${JSON.stringify(caller.claims)}, true)`;
    return await transaction<Entry[]>`
      select name, id::text, updated_at::text, created_at::text, last_accessed_at::text, metadata
      from storage.objects
      where bucket_id = ${bucket} and starts_with(name, ${prefix})
      order by name collate "C"`;
  });
}

function compare(a: string | null, b: string | null): number {
  const [left, right] = [a ?? "", b ?? ""];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
