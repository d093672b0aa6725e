import { afterAll, beforeAll, expect, test } from "vitest";
import { type OwnWorkbench, startOwnWorkbench } from "../support/own-workbench.ts";
import { ACTORS, type Actors, createActors } from "./actors.ts";
import { attempt, filterOf, type Outcome, REFUSED } from "./attempts.ts";
import { CALLS } from "./calls.ts";
import { type Catalogue, readCatalogue, type Relation } from "./catalogue.ts";
import { createFixture, type Fixture, type Row } from "./fixture.ts";
import { type Line, renderMatrix, type Section } from "./render.ts";
import { tryBucket } from "./storage.ts";
import { tryTopics } from "./topics.ts";

let own: OwnWorkbench;
let actors: Actors;
let catalogue: Catalogue;
let fixture: Fixture;

beforeAll(async () => {
  own = await startOwnWorkbench("matrix");
  actors = await createActors(own.bench.stack, own.sql);
  // What any private bucket is like that has no policy; those of the migrations come on their own.
  await own.sql`insert into storage.buckets (id, name, public) values ('any-private', 'any-private', false)`;
  catalogue = await readCatalogue(own.sql);
  const tables = catalogue.relations.filter(({ kind }) => kind === "table");
  fixture = await createFixture(
    own.sql,
    actors,
    tables.map(({ name }) => name),
  );
}, 240_000);
afterAll(() => own.stop());

test("everybody can do with everything what matrix.md says, and nothing else", async () => {
  const sections: Section[] = [
    { title: "Tables and views", lines: await tryRelations() },
    { title: "Functions", lines: await tryFunctions() },
    { title: "Buckets", lines: await tryBuckets() },
    { title: "Realtime topics", lines: await tryTopics(own.sql, actors, fixture) },
    { title: "The schema wabase", lines: await tryHidden() },
  ];
  await expect(renderMatrix(sections)).toMatchFileSnapshot("matrix.md");
}, 600_000);

test("there is a call for every function, and none for one that is no more", () => {
  expect(Object.keys(CALLS).toSorted()).toEqual(catalogue.functions);
});

async function tryRelations(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const relation of catalogue.relations) {
    const row = fixture.rows.get(relation.name) ?? {};
    lines.push(await trySelect(relation, row), ...(await tryInserts(relation, row)));
    lines.push(...(await tryUpdates(relation, row)), await tryDelete(relation, row));
  }
  return lines;
}

async function forEachActor(run: (name: (typeof ACTORS)[number]) => Promise<Outcome>) {
  const outcomes: Outcome[] = [];
  for (const name of ACTORS) outcomes.push(await run(name));
  return outcomes;
}

async function trySelect(relation: Relation, row: Row): Promise<Line> {
  const path = `${relation.name}?select=*&${filterOf(relation, row)}`;
  const outcomes = await forEachActor((name) =>
    attempt(own.bench.stack, actors[name], { method: "GET", path }),
  );
  return { object: relation.name, operation: "select", outcomes };
}

async function tryInserts({ name, columns: all, insertable }: Relation, row: Row): Promise<Line[]> {
  const tryInsert = async (columns: string[], operation: string): Promise<Line> => {
    const body = Object.fromEntries(columns.map((column) => [column, row[column]]));
    const path = `${name}?select=${columns[0]}`;
    const outcomes = await forEachActor((actor) =>
      undoing(() => attempt(own.bench.stack, actors[actor], { method: "POST", path, body })),
    );
    return { object: name, operation, outcomes };
  };
  const whole = await tryInsert(
    all.filter((column) => column in row),
    "insert",
  );
  if (insertable.length === 0) return [whole];
  return [whole, await tryInsert(insertable, `insert only ${insertable.join(", ")}`)];
}

/** Every column is tried; those with the same outcomes share a line. */
async function tryUpdates(relation: Relation, row: Row): Promise<Line[]> {
  const together = new Map<string, { columns: string[]; outcomes: Outcome[] }>();
  for (const column of relation.columns) {
    const path = `${relation.name}?${filterOf(relation, row)}&select=${relation.key[0] ?? column}`;
    const body = { [column]: row[column] ?? null };
    const outcomes = await forEachActor((name) =>
      attempt(own.bench.stack, actors[name], { method: "PATCH", path, body }),
    );
    const line = together.get(outcomes.join());
    if (line) line.columns.push(column);
    else together.set(outcomes.join(), { columns: [column], outcomes });
  }
  return [...together.values()].map(({ columns, outcomes }) => ({
    object: relation.name,
    operation:
      columns.length === relation.columns.length
        ? `update, each of ${columns.length} columns`
        : `update ${columns.join(", ")}`,
    outcomes,
  }));
}

async function tryDelete(relation: Relation, row: Row): Promise<Line> {
  const path = `${relation.name}?${filterOf(relation, row)}&select=${relation.key[0] ?? "*"}`;
  const outcomes = await forEachActor((name) =>
    undoing(() => attempt(own.bench.stack, actors[name], { method: "DELETE", path })),
  );
  return { object: relation.name, operation: "delete", outcomes };
}

async function tryFunctions(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const name of catalogue.functions) {
    const outcomes = await forEachActor((actor) =>
      undoing(async () => {
        const body = await CALLS[name]?.({ sql: own.sql, fixture, actor: actors[actor] });
        return attempt(own.bench.stack, actors[actor], {
          method: "POST",
          path: `rpc/${name}`,
          body,
        });
      }),
    );
    lines.push({ object: name, operation: "call", outcomes });
  }
  return lines;
}

async function tryBuckets(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const bucket of catalogue.buckets)
    lines.push(...(await tryBucket(own.bench.stack, actors, bucket)));
  return lines;
}

/** Not exposed: nobody gets there, whatever the grants. */
async function tryHidden(): Promise<Line[]> {
  const { relations, functions } = catalogue.hidden;
  const attempts = [
    ...relations.map((name) => ({ name, method: "GET" as const, path: name })),
    ...functions.map((name) => ({ name, method: "POST" as const, path: `rpc/${name}`, body: {} })),
  ];
  const reached: string[] = [];
  for (const { name, ...request } of attempts) {
    for (const actor of ACTORS) {
      const outcome = await attempt(own.bench.stack, actors[actor], {
        ...request,
        profile: "wabase",
      });
      if (outcome !== REFUSED) reached.push(`${actor}: ${name}: ${outcome}`);
    }
  }
  expect(reached).toEqual([]);
  return [
    { object: "every table and view", operation: "select", outcomes: ACTORS.map(() => REFUSED) },
    { object: "every function", operation: "call", outcomes: ACTORS.map(() => REFUSED) },
  ];
}

/** Puts the fixture back where the attempt may have changed something. */
async function undoing(run: () => Promise<Outcome>): Promise<Outcome> {
  const outcome = await run();
  if (outcome !== REFUSED) await fixture.restore();
  return outcome;
}
