import { createSessionBackend } from "@wabase/sessions";
import { pruneObjects, type VerifiedSession, verifySessions } from "@wabase/sessions/archive";
import { type Command, readArguments } from "../command.ts";
import { count, size } from "./report.ts";

const OPTIONS = {
  tenant: { type: "string" },
  session: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

export const verifyCommand: Command = {
  help: `wabase sessions verify [--tenant NAME] [--session NAME] [--json]

Reads every session whole: the snapshot, the chain of hashes through all records since, every value; and says what
each object of the bucket is for. Opens and changes nothing; sessions may run.

  wabase sessions verify

Ends with 1 where a session cannot be read, or objects lie there that the database does not know.`,

  async run(args, { environment, print }) {
    const { values } = readArguments(args, [], OPTIONS);
    const backend = createSessionBackend(environment);
    let sessions = 0;
    let problems = 0;
    for await (const { removable: _, ...verified } of verifySessions(backend, values)) {
      sessions += 1;
      problems += verified.problem === null ? 0 : 1;
      print(values.json ? JSON.stringify(verified) : describe(verified));
    }
    if (!values.json) print(`${count(sessions, "session")}, ${count(problems, "problem")}`);
    return problems === 0 ? 0 : 1;
  },
};

export const pruneCommand: Command = {
  help: `wabase sessions prune [--tenant NAME] [--session NAME] [--dry-run] [--json]

Removes objects that no session is read from: snapshots that a newer one has replaced, records that one holds, what a
killed deletion left. Each session is verified first; of one that cannot be read nothing is removed, nor what the
database does not know (a restored one does not either).

  --dry-run   says what would be removed

  wabase sessions prune --dry-run

Ends with 1 where a session could not be read.`,

  async run(args, { environment, print }) {
    const { values } = readArguments(args, [], {
      ...OPTIONS,
      "dry-run": { type: "boolean", default: false },
    });
    const backend = createSessionBackend(environment);
    const totals = { objects: 0, bytes: 0, problems: 0 };
    for await (const verified of verifySessions(backend, values)) {
      const { tenant, session, problem, removable } = verified;
      const bytes = removable.reduce((sum, object) => sum + object.bytes, 0);
      totals.problems += problem === null ? 0 : 1;
      totals.objects += removable.length;
      totals.bytes += bytes;
      if (!values["dry-run"]) await pruneObjects(backend, verified);
      if (removable.length === 0 && problem === null) continue;
      print(
        values.json
          ? JSON.stringify({ tenant, session, objects: removable.length, bytes, problem })
          : `${tenant}/${session}  ${problem?.message ?? `${count(removable.length, "object")}, ${size(bytes)}`}`,
      );
    }
    const verb = values["dry-run"] ? "would be removed" : "removed";
    if (!values.json) print(`${count(totals.objects, "object")}, ${size(totals.bytes)} ${verb}`);
    return totals.problems === 0 ? 0 : 1;
  },
};

function describe({
  tenant,
  session,
  problem,
  keys,
  records,
  objects,
}: Omit<VerifiedSession, "removable">): string {
  const name = `${tenant}/${session}`;
  if (problem !== null) return `${name}  ${problem.code}: ${problem.message}`;
  const others = Object.entries(objects)
    .filter(([use, many]) => use !== "needed" && many > 0)
    .map(([use, many]) => `; ${many} ${use}`);
  const parts = `${count(objects.needed, "object")} and ${count(records, "record")}`;
  return `${name}  ${count(keys, "value")} in ${parts}: whole${others.join("")}`;
}
