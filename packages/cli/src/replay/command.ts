import { createServiceClient } from "../client.ts";
import { type Command, readOptions, readTime, type Terminal, UsageError } from "../command.ts";
import { type JournalFilter, readJournal } from "../journal/entries.ts";
import { replay, type ReplayOutcome } from "./replay.ts";

const OPTIONS = {
  id: { type: "string", multiple: true },
  failed: { type: "boolean", default: false },
  kept: { type: "boolean", default: false },
  since: { type: "string" },
  until: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const replayCommand: Command = {
  help: `wabase replay (--id ID … | --failed | --kept | --since TIME [--until TIME]) [--dry-run] [--json]

Runs webhooks of the journal again, through the parser of this version and the SQL of the database.
Messages and statuses that are there already stay as they are, so it does no harm to run it twice.

  --id ID        this webhook; may be given several times
  --failed       all of which some event could not be stored
  --kept         all of which some event was kept, for instance for a number that has been added since
  --since TIME   all that came from then on (--until TIME: and before that)
  --dry-run      says what would be run, and runs nothing

  wabase replay --failed

Ends with 1 where some event still could not be stored.`,

  async run(args, terminal) {
    const options = readOptions(args, OPTIONS);
    const filters = readFilters(options);
    const client = createServiceClient(terminal.environment);
    const totals = { webhooks: 0, events: 0, kept: 0, failed: 0 };
    for (const filter of filters) {
      for await (const entry of readJournal(client, { ...filter, with_body: true })) {
        const outcome = options["dry-run"]
          ? { journal_id: entry.id, events: entry.events, kept: {} }
          : await replay(client, entry);
        add(totals, outcome);
        terminal.print(options.json ? JSON.stringify(outcome) : describe(outcome));
      }
    }
    if (!options.json) printTotals(totals, options["dry-run"], terminal);
    return totals.failed > 0 ? 1 : 0;
  },
};

interface ReplayOptions {
  id?: string[] | undefined;
  failed: boolean;
  kept: boolean;
  since?: string | undefined;
  until?: string | undefined;
}

function readFilters(options: ReplayOptions): JournalFilter[] {
  const since = readTime("since", options.since);
  const until = readTime("until", options.until);
  const within = {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  if (options.id !== undefined) return options.id.map((id) => ({ id: readId(id) }));
  const outcomes = [
    ...(options.failed ? (["failed"] as const) : []),
    ...(options.kept ? (["kept"] as const) : []),
  ];
  if (outcomes.length > 0) return outcomes.map((outcome) => ({ outcome, ...within }));
  if (since !== undefined || until !== undefined) return [within];
  throw new UsageError("Say what to replay: --id, --failed, --kept or --since.");
}

function readId(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw new UsageError(`--id: «${text}» is no id of the journal, which is a whole number`);
}

interface Totals {
  webhooks: number;
  events: number;
  kept: number;
  failed: number;
}

function add(totals: Totals, { events, kept }: ReplayOutcome): void {
  totals.webhooks += 1;
  totals.events += events;
  totals.failed += kept["failed"] ?? 0;
  totals.kept += Object.values(kept).reduce((sum, count) => sum + count, 0) - (kept["failed"] ?? 0);
}

function describe({ journal_id, events, kept }: ReplayOutcome): string {
  const reasons = Object.entries(kept).map(([reason, count]) => `${count} × ${reason}`);
  return `${String(journal_id).padStart(8)}  ${events} events  ${reasons.join(", ") || "all stored"}`;
}

function printTotals(totals: Totals, is_dry_run: boolean, { print }: Terminal): void {
  const verb = is_dry_run ? "would be replayed" : "replayed";
  print(
    `${totals.webhooks} webhooks with ${totals.events} events ${verb}; ` +
      `${totals.kept} kept, ${totals.failed} failed`,
  );
}
