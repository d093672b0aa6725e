import { readSession } from "../auth-state/read-session.ts";
import type { SessionBackend } from "../backend.ts";
import { noSession } from "./inspect.ts";
import { writeMultiFile } from "./multi-file.ts";
import { type Place, running } from "./write-session.ts";

/**
 * Writes a session as a directory of `useMultiFileAuthState`; answers the number of files. The session stays.
 * @throws ArchiveError with code `no_session`, `running`, `exists` or `collision`
 */
export async function exportSession(
  backend: SessionBackend,
  place: Place,
  directory: string,
): Promise<number> {
  const found = await readSession(backend, place);
  if (found === null || found.entries.size === 0) throw noSession(place);
  // It would be old before it is whole, and two writers of one phone's keys break them.
  if (found.owner !== null) throw running(place, found.owner);
  return await writeMultiFile(directory, found.entries);
}
