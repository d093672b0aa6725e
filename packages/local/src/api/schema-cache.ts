import type { PostgresConnection } from "@supabase/lite/postgres";

type Introspect = PostgresConnection["introspect"];
type Schema = Awaited<ReturnType<Introspect>>;

export interface SchemaCache {
  introspect: Introspect;
  /** Reads the schema anew; requests go on with the old one until the new one is there. */
  reload(): Promise<void>;
}

/**
 * The schema as PostgREST caches it: read once at a time, kept until a `notify pgrst`, and read once
 * more where that came while reading. Lite drops its cache instead, so every request in flight would
 * read the schema for itself, and one that had begun before the DDL could leave the old one for good.
 */
export function createSchemaCache(read: Introspect): SchemaCache {
  let cached: Schema | null = null;
  let reading: Promise<Schema> | null = null;
  let isOutdated = false;

  const readUntilCurrent = async (): Promise<Schema> => {
    let schema: Schema;
    do {
      isOutdated = false;
      schema = await readWhole(read);
    } while (isOutdated);
    cached = schema;
    return schema;
  };
  const refresh = (): Promise<Schema> => {
    isOutdated = true;
    reading ??= readUntilCurrent().finally(() => (reading = null));
    return reading;
  };
  return {
    introspect: async (options) => {
      if (options?.useCache !== true) return await read(options);
      return cached ?? (await (reading ?? refresh()));
    },
    reload: async () => void (await refresh()),
  };
}

/** Lite answers a failed read (a table dropped meanwhile) with a schema that has no functions at all. */
async function readWhole(read: Introspect): Promise<Schema> {
  for (let attempt = 1; ; attempt += 1) {
    const schema = await read({ useCache: false });
    if (schema.functions !== undefined) return schema;
    if (attempt === 5) throw new Error("the API could not read the database's schema");
  }
}
