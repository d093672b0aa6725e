import { createSessionBackend, deleteSession } from "@wabase/sessions";
import { readOwner } from "@wabase/sessions/archive";
import { type Command, readArguments, UsageError } from "../command.ts";

export const disconnectCommand: Command = {
  help: `wabase sessions disconnect <tenant> <session> --yes [--json]

Ends a session and deletes its keys, for good: its phone must be paired again. A server that runs it loses it at once.
The phone shows the device until somebody removes it there (Settings, Linked devices).

  wabase sessions disconnect acme main --yes`,

  async run(args, { environment, print }) {
    const { values, words } = readArguments(args, ["tenant", "session"], {
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const [tenant = "", session = ""] = words;
    const backend = createSessionBackend(environment);
    const owner = await readOwner(backend, { tenant, session });
    if (!values.yes) {
      const where = owner === null ? "" : `, which runs in ${owner}`;
      const cost = "its phone must be paired again";
      throw new UsageError(
        `This deletes session ${tenant}/${session}${where}: ${cost}. If so, add --yes.`,
      );
    }
    await deleteSession(backend, { tenant, session }, { owner: "wabase sessions", force: true });
    const ended = owner === null ? "" : ` It was running in ${owner}, which has lost it.`;
    print(
      values.json
        ? JSON.stringify({ tenant, session, was_running_in: owner })
        : `${tenant}/${session}  deleted.${ended} Remove the device on the phone, too.`,
    );
    return 0;
  },
};
