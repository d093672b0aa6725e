// npm run bench            all benchmarks
// npm run bench start      one of them
// npm run bench start --json   nothing but {"bench", "ratios", "figures"}
import { parseArgs } from "node:util";
import { formatReport } from "./report.ts";
import type { Benchmark } from "./report.ts";
import { benchIngest } from "./ingest/ingest.ts";
import { benchOutbound } from "./outbound/outbound.ts";
import { benchSessions } from "./sessions/sessions.ts";
import { benchReads } from "./reads/reads.ts";
import { benchStart } from "./start.ts";

const BENCHMARKS: Record<string, Benchmark> = {
  ingest: benchIngest,
  outbound: benchOutbound,
  sessions: benchSessions,
  reads: benchReads,
  start: benchStart,
};

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});
// npm keeps `--json` to itself unless it stands behind `--`, and says so in this variable.
const as_json = values.json || process.env["npm_config_json"] === "true";
const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
for (const name of names) {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) {
    console.error(`No benchmark «${name}». There are: ${Object.keys(BENCHMARKS).join(", ")}`);
    process.exitCode = 2;
    break;
  }
  const report = await benchmark((line) => (as_json ? undefined : console.error(line)));
  console.log(as_json ? JSON.stringify({ bench: name, ...report }) : formatReport(name, report));
}
