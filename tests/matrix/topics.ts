import type postgres from "postgres";
import { type Actor, ACTORS, type Actors } from "./actors.ts";
import { DONE, type Outcome, REFUSED } from "./attempts.ts";
import type { Fixture } from "./fixture.ts";
import type { Line } from "./render.ts";

/**
 * Whether each actor may join a topic, and speak on it. Realtime decides by the policies of realtime.messages, as
 * the caller's role with the caller's claims; there is no Realtime server here, so this asks them as it does.
 */
export async function tryTopics(
  sql: postgres.Sql,
  actors: Actors,
  fixture: Fixture,
): Promise<Line[]> {
  const { tenant_id, conversation_id, team_id } = fixture;
  const topics: [string, string][] = [
    ["conversation:<assigned>", `whatsapp:conversation:${conversation_id}`],
    ["tenant:<tenant>", `whatsapp:tenant:${tenant_id}`],
    ["queue:<tenant>", `whatsapp:queue:${tenant_id}`],
    ["team:<of assigned>", `whatsapp:team:${team_id}`],
    ["member:<tenant>:<assigned>", `whatsapp:member:${tenant_id}:${actors.assigned.user_id}`],
    ["anything else", "whatsapp:everything"],
  ];
  const lines: Line[] = [];
  for (const [name, topic] of topics) {
    for (const [operation, may] of [
      ["hear", mayHear],
      ["speak", maySpeak],
    ] as const) {
      const outcomes: Outcome[] = [];
      for (const actor of ACTORS) outcomes.push(await may(sql, { actor: actors[actor], topic }));
      lines.push({ object: `whatsapp:${name}`, operation, outcomes });
    }
  }
  return lines;
}

/** Somebody who asks Realtime for a topic. */
interface Question {
  actor: Pick<Actor, "name" | "user_id" | "headers">;
  topic: string;
}

export async function mayHear(sql: postgres.Sql, question: Question): Promise<Outcome> {
  return await asRealtime(sql, question, async (transaction) => {
    const rows = await transaction`select from realtime.messages where topic = ${question.topic}`;
    return rows.length > 0;
  });
}

export async function maySpeak(sql: postgres.Sql, question: Question): Promise<Outcome> {
  return await asRealtime(sql, question, async (transaction) => {
    await insertBroadcast(transaction, question.topic);
    return true;
  });
}

async function asRealtime(
  sql: postgres.Sql,
  { actor: { name, user_id, headers }, topic }: Question,
  ask: (transaction: postgres.TransactionSql) => Promise<boolean>,
): Promise<Outcome> {
  const role = name === "service" ? "service_role" : user_id === null ? "anon" : "authenticated";
  const token = headers["authorization"]?.split(".")[1];
  const claims = token
    ? Buffer.from(token, "base64url").toString("utf8")
    : JSON.stringify({ role });
  let allowed = false;
  try {
    await sql.begin(async (transaction) => {
      await insertBroadcast(transaction, topic);
      await transaction`
        select set_config('request.jwt.claims', ${claims}, true), set_config('realtime.topic', ${topic}, true),
          set_config('role', ${role}, true)`;
      allowed = await ask(transaction);
      throw new RollBack();
    });
  } catch (error) {
    if (!(error instanceof RollBack || isRefusal(error))) throw error;
  }
  return allowed ? DONE : REFUSED;
}

async function insertBroadcast(transaction: postgres.TransactionSql, topic: string): Promise<void> {
  await transaction`
    insert into realtime.messages (topic, extension, payload, event, private)
    values (${topic}, 'broadcast', '{}', 'test', true)`;
}

class RollBack extends Error {}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "42501";
}
