import { countBadges, listConversations, listMessages, searchMessages } from "@wabase/client/reads";
import { signIn, type Stack } from "@wabase/local";
import type postgres from "postgres";
import type { Figure } from "../report.ts";
import { describeTimes } from "./measure.ts";
import type { World } from "./seed.ts";

const TIMES = 100;

/** The typed reads through the local stack's REST, as its demo agent, who becomes one of the big tenant's. */
export async function measureHttp(
  stack: Stack,
  sql: postgres.Sql,
  world: World,
): Promise<Figure[]> {
  const client = await signIn(stack, "agent@demo.test");
  const { data } = await client.auth.getUser();
  const user_id = data.user?.id ?? "";
  const { tenant_id, long_conversation, team_id } = world;
  await sql`insert into public.whatsapp_members (user_id, tenant_id, role) values (${user_id}, ${tenant_id}, 'agent')`;
  await sql`insert into public.whatsapp_team_members (user_id, team_id, tenant_id) values (${user_id}, ${team_id}, ${tenant_id})`;
  await sql`update public.whatsapp_conversations set assignee_id = ${user_id} where assignee_id = ${world.agent}`;
  const reads: Record<string, () => Promise<unknown>> = {
    "conversations, first page": () => listConversations(client, { tenant_id, state: "open" }),
    "messages, first page": () => listMessages(client, long_conversation),
    "search, frequent": () => searchMessages(client, { tenant_id, query: "hello" }),
    "search, rare": () => searchMessages(client, { tenant_id, query: "invoice" }),
    badges: () => countBadges(client, tenant_id),
  };
  const figures: Figure[] = [];
  for (const [name, read] of Object.entries(reads)) {
    const times: number[] = [];
    for (let turn = -5; turn < TIMES; turn += 1) {
      const start = performance.now();
      await read();
      if (turn >= 0) times.push(performance.now() - start);
    }
    figures.push(...describeTimes(`REST: ${name}`, times));
  }
  return figures;
}
