import { createServiceClient } from "../client.ts";
import { type Command, readOptions, readTime, UsageError } from "../command.ts";
import { type JournalEntry, type JournalFilter, readJournal } from "./entries.ts";

const OUTCOMES = ["stored", "kept", "failed"] as const;

export const journalCommand: Command = {
  help: `wabase journal [--outcome stored|kept|failed] [--since TIME] [--until TIME] [--json]

Lists the webhooks that the journal holds: when each came, how many events it held, and what became of
them. «kept» means that some became no row of their own (a number that no tenant has, a field that
nothing handles yet), «failed» that some could not be stored. Prints names and reasons, never what a
message says.

  wabase journal --outcome failed --since 2026-11-20T00:00:00Z`,

  async run(args, { environment, print }) {
    const options = readOptions(args, {
      outcome: { type: "string" },
      since: { type: "string" },
      until: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const filter = readFilter(options);
    const client = createServiceClient(environment);
    let count = 0;
    for await (const entry of readJournal(client, filter)) {
      count += 1;
      print(options.json ? JSON.stringify(entry) : describe(entry));
    }
    if (!options.json)
      print(count === 0 ? "The journal holds nothing of the kind." : `${count} webhooks`);
    return 0;
  },
};

interface FilterOptions {
  outcome?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

function readFilter(options: FilterOptions): JournalFilter {
  const outcome = OUTCOMES.find((known) => known === options.outcome);
  if (options.outcome !== undefined && outcome === undefined) {
    throw new UsageError(`--outcome: must be one of ${OUTCOMES.join(", ")}`);
  }
  const since = readTime("since", options.since);
  const until = readTime("until", options.until);
  return {
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function describe({ id, received_at, events, outcome, kept }: JournalEntry): string {
  const line = `${String(id).padStart(8)}  ${received_at.slice(0, 19)}  ${String(events).padStart(5)} events  ${outcome}`;
  const reasons = (kept ?? []).map(({ reason, field, detail }) => {
    return `          ${reason}  ${field}${detail === null ? "" : `  ${detail}`}`;
  });
  return [line, ...new Set(reasons)].join("\n");
}
