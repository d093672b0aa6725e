import { createSessionBackend } from "@wabase/sessions";
import { inspectSession, type SessionInspection } from "@wabase/sessions/archive";
import { type Command, readArguments } from "../command.ts";
import { count, size } from "./report.ts";

export const listCommand: Command = {
  help: `wabase sessions list [--tenant NAME] [--json]

Lists the sessions: who has each open now, how large it is, which keys of SESSION_ENCRYPTION_KEYS it needs.

  wabase sessions list`,

  async run(args, { environment, print }) {
    const { values } = readArguments(args, [], {
      tenant: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const sessions = (await createSessionBackend(environment).logs.list()).filter(
      ({ tenant }) => values.tenant === undefined || values.tenant === tenant,
    );
    for (const session of sessions) {
      const bytes = (session.snapshot_bytes ?? 0) + session.record_bytes;
      const state = session.owner === null ? "closed" : `open in ${session.owner}`;
      const line = `${session.tenant}/${session.session}  ${size(bytes)}  ${state}`;
      const keys = `keys ${session.key_ids.join(", ") || "none"}`;
      print(
        values.json
          ? JSON.stringify(session)
          : `${line}${session.owner === null && !session.is_clean ? " (not cleanly)" : ""}  ${keys}`,
      );
    }
    if (!values.json) print(count(sessions.length, "session"));
    return 0;
  },
};

export const inspectCommand: Command = {
  help: `wabase sessions inspect <tenant> <session> [--json]

Reads a session, checks it, and prints what it is made of: counts and sizes by type. No key, phone number or contact.

  wabase sessions inspect acme main`,

  async run(args, { environment, print }) {
    const { values, words } = readArguments(args, ["tenant", "session"], {
      json: { type: "boolean", default: false },
    });
    const [tenant = "", session = ""] = words;
    const found = await inspectSession(createSessionBackend(environment), { tenant, session });
    print(values.json ? JSON.stringify(found) : describe(found));
    return 0;
  },
};

function describe(found: SessionInspection): string {
  const state = found.owner === null ? "closed" : `open in ${found.owner}`;
  const clean = found.is_clean || found.owner !== null ? "" : " (not cleanly)";
  return [
    `${found.tenant}/${found.session}  ${state}${clean}, opened ${count(found.epoch, "time")}`,
    found.is_paired ? "  linked to a phone" : "  not linked to a phone",
    `  record ${found.seq}; snapshot of ${size(found.snapshot_bytes)}, ` +
      `${count(found.tail_records, "record")} of ${size(found.tail_bytes)} since`,
    `  ${count(found.keys, "key")}, ${size(found.key_bytes)} of JSON`,
    ...found.types.map(({ type, count: many, bytes, largest_bytes }) => {
      const number = String(many).padStart(8);
      return `${number}  ${type.padEnd(24)} ${size(bytes)}, largest ${size(largest_bytes)}`;
    }),
  ].join("\n");
}
