import type postgres from "postgres";

/** Who runs a statement: a signed-in user, as PostgREST signs them in. */
export async function signIn(sql: postgres.Sql, user_id: string): Promise<void> {
  const claims = JSON.stringify({ sub: user_id, role: "authenticated" });
  await sql`reset role`;
  await sql`select set_config('request.jwt.claims', ${claims}, false)`;
  await sql`set role authenticated`;
}

/** Collects the plans of all statements, those inside functions too; `notices` is where the connection tells them. */
export async function startExplaining(sql: postgres.Sql): Promise<void> {
  await sql`load 'auto_explain'`;
  await sql`set auto_explain.log_min_duration = 0`;
  await sql`set auto_explain.log_nested_statements = on`;
  await sql`set auto_explain.log_analyze = on`;
  await sql`set auto_explain.log_timing = off`;
  await sql`set auto_explain.log_level = 'notice'`;
}

/** What a plan read: the names of its indexes, and the tables that it went through from end to end. */
export function readsOf(plans: string[]): {
  indexes: string[];
  whole_tables: string[];
  sorts: number;
} {
  // A branch that was never begun read nothing.
  const lines = plans
    .flatMap((plan) => plan.split("\n"))
    .filter((line) => !line.includes("(never executed)"));
  const matchesOf = (pattern: RegExp): string[] =>
    lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
  return {
    indexes: [
      ...new Set(
        matchesOf(/(?:Index (?:Only )?Scan(?: Backward)? using|Bitmap Index Scan on) (\w+)/),
      ),
    ].toSorted(),
    whole_tables: [...new Set(matchesOf(/Seq Scan on (\w+)/))].toSorted(),
    // Rows that went into a sort: a page's, or a tenant's.
    sorts: Math.max(
      0,
      ...lines.flatMap((line, index) =>
        /->? *Sort |^ *Sort /.test(line) ? [rowsBelow(lines, index)] : [],
      ),
    ),
  };
}

function rowsBelow(lines: string[], sort: number): number {
  const child = lines.slice(sort + 1).find((line) => line.includes("->"));
  return Number(/actual rows=(\d+)/.exec(child ?? "")?.[1] ?? 0);
}
