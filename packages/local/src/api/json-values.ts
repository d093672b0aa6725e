import type { AnyAST, IntrospectResult } from "@supabase/lite";

/**
 * Makes what a request gives for a json or jsonb argument or column the JSON text of it, as PostgREST's
 * `json_to_record` does. Lite passes a string on as if it were JSON text already: `"hello"` would be
 * refused, and `"123"` would arrive as a number; a boolean in a column it passes on as a boolean.
 */
export function encodeJson(ast: AnyAST, schema: IntrospectResult): AnyAST {
  if (ast.type === "rpc") return encodeArguments(ast, schema);
  if (ast.values === undefined) return ast;
  const columns = jsonColumns(ast, schema);
  if (columns.size === 0) return ast;
  const encode = (row: object): object =>
    mapValues(row, (name, value) => {
      if (!columns.has(name) || value === null || value === undefined) return value;
      // Twice: Lite parses a string on its way into a json column, where that succeeds.
      return JSON.stringify(JSON.stringify(value));
    });
  return {
    ...ast,
    values: Array.isArray(ast.values) ? ast.values.map(encode) : encode(ast.values),
  };
}

function encodeArguments(ast: AnyAST, schema: IntrospectResult): AnyAST {
  // A GET's arguments are text, and JSON text is what they hold; so is a body that is not JSON.
  if (ast.httpMethod === "GET" || (ast.inputType ?? "json") !== "json") return ast;
  if (ast.args === undefined || Array.isArray(ast.args)) return ast;
  const given = Object.keys(ast.args);
  const candidates = (schema.functions ?? [])
    .filter(({ name, schema: home }) => name === ast.function && home === (ast.schema ?? "public"))
    .filter(({ arg_names }) => given.every((name) => arg_names.includes(name)));
  const names = new Set(
    candidates.flatMap(({ arg_names, arg_types }) =>
      arg_names.filter((_, index) => isJson(arg_types[index])),
    ),
  );
  const args = mapValues(ast.args, (name, value) =>
    // Lite encodes all others.
    typeof value === "string" && names.has(name) ? JSON.stringify(value) : value,
  );
  return { ...ast, args };
}

function jsonColumns(ast: AnyAST, schema: IntrospectResult): Set<string> {
  return new Set(
    schema.columns
      .filter(({ table, schema: home }) => table === ast.from && home === (ast.schema ?? "public"))
      .filter(({ pg_type, type }) => isJson(pg_type ?? type))
      .map(({ name }) => name),
  );
}

function mapValues(row: object, map: (name: string, value: unknown) => unknown): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [name, map(name, value)]),
  );
}

function isJson(type: string | undefined): boolean {
  return type === "json" || type === "jsonb";
}
