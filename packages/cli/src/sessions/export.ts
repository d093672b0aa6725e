import { createSessionBackend } from "@wabase/sessions";
import { exportSession } from "@wabase/sessions/archive";
import { type Command, readArguments } from "../command.ts";
import { count } from "./report.ts";

export const exportCommand: Command = {
  help: `wabase sessions export <tenant> <session> <dir> [--json]

Writes a session as a directory for Baileys' useMultiFileAuthState, not encrypted, readable by you alone. Refused
while the session runs. The session stays in the store: use only one of the two from then on.

  wabase sessions export acme main ./acme`,

  async run(args, { environment, print }) {
    const { values, words } = readArguments(args, ["tenant", "session", "dir"], {
      json: { type: "boolean", default: false },
    });
    const [tenant = "", session = "", directory = ""] = words;
    const backend = createSessionBackend(environment);
    const files = await exportSession(backend, { tenant, session }, directory);
    const advice = "Use it or the one in the store, not both: two writers break the keys.";
    print(
      values.json
        ? JSON.stringify({ tenant, session, directory, files })
        : `${count(files, "file")} in ${directory}, read back. ${advice}`,
    );
    return 0;
  },
};
