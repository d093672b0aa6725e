import { describe, expect, test } from "vitest";
import type { IntrospectResult } from "@supabase/lite";
import { encodeJson } from "./json-values.ts";

const column = { nullable: true, default_value: null, is_primary_key: false, ordinal_position: 1 };
const more = { character_maximum_length: null, precision: null, is_identity: false };
const argument = { arg_defaults: 0, has_variadic: false, volatility: "v", return_type: "text" };
const result = { return_is_setof: false, return_typtype: "b", has_out_args: false };

function make(name: string, arg_names: string[], arg_types: string[]) {
  return { schema: "public", name, arg_names, arg_types, ...argument, ...result };
}

const schema: IntrospectResult = {
  tables: [],
  indexes: [],
  foreign_keys: [],
  primary_keys: [],
  views: [],
  check_constraints: [],
  unique_constraints: [],
  comments: [],
  custom_types: [],
  triggers: [],
  database_name: "postgres",
  version: "17",
  columns: ["public", "other"].flatMap((home) =>
    [
      { name: "note", type: "text" },
      { name: "body", type: home === "public" ? "jsonb" : "text" },
    ].map(({ name, type }) => ({
      ...column,
      ...more,
      table: "messages",
      schema: home,
      name,
      type,
      pg_type: type,
      collation: "",
    })),
  ),
  functions: [
    make("send", ["note", "body"], ["text", "jsonb"]),
    make("send", ["body", "urgent"], ["text", "boolean"]),
  ],
};

const encode = (ast: Parameters<typeof encodeJson>[0]) => encodeJson(ast, schema);

describe("an argument of rpc()", () => {
  const call = { type: "rpc", function: "send", httpMethod: "POST" as const };

  test.each([
    ["hello", '"hello"'],
    ["123", '"123"'],
    ['{"a":1}', '"{\\"a\\":1}"'],
    [{ a: "b" }, { a: "b" }],
    [["a"], ["a"]],
    [12, 12],
    [null, null],
  ])("of type jsonb: %j becomes %j", (given, expected) => {
    const { args } = encode({ ...call, args: { note: "n", body: given } });
    expect(args).toEqual({ note: "n", body: expected });
  });

  test("the same name is text in another function of that name, found by the other arguments", () => {
    const args = { body: "hello", urgent: true };
    expect(encode({ ...call, args }).args).toEqual(args);
  });

  test("in a GET it is JSON text already", () => {
    const args = { note: "n", body: '{"a":1}' };
    expect(encode({ ...call, httpMethod: "GET", args }).args).toEqual(args);
  });

  test("a body that is one text is left alone", () => {
    const args = { body: "hello", note: "n" };
    expect(encode({ ...call, inputType: "text", args }).args).toEqual(args);
  });
});

const twice = (value: unknown): string => JSON.stringify(JSON.stringify(value));

describe("a value of a row", () => {
  const insert = { type: "insert", from: "messages" };

  test.each(["hello", "123", { a: "b" }, ["a"], 12, true])(
    "in a jsonb column is encoded twice, for Lite decodes it once: %j",
    (value) => {
      const values = { note: "hello", body: value };
      expect(encode({ ...insert, values }).values).toEqual({ note: "hello", body: twice(value) });
      const rows = { ...insert, schema: "public", values: [values, { body: null }] };
      expect(encode(rows).values).toEqual([{ note: "hello", body: twice(value) }, { body: null }]);
    },
  );

  test("the same table in another schema has columns of its own", () => {
    const update = { type: "update", from: "messages", schema: "other", values: { body: "hello" } };
    expect(encode(update)).toEqual(update);
  });

  test("a select has none", () => {
    const query = { type: "query", from: "messages" };
    expect(encode(query)).toEqual(query);
  });
});
