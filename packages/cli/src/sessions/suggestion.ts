import { SessionError } from "@wabase/sessions";
import { ArchiveError, StorageError } from "@wabase/sessions/archive";

/** What a failure of sessions says to the user, and the exit code; null: a defect of ours. */
export function suggestion(error: unknown): { message: string; exit_code: number } | null {
  if (error instanceof SessionError) {
    return { message: error.message, exit_code: EXIT_CODES.get(error.code) ?? 1 };
  }
  if (error instanceof ArchiveError) return { message: error.message, exit_code: 1 };
  if (error instanceof StorageError) return { message: error.message, exit_code: 3 };
  // Of the file system: its message names the path that the user gave, and why.
  if (error instanceof Error && "syscall" in error && "code" in error) {
    return { message: error.message, exit_code: 1 };
  }
  return null;
}

const EXIT_CODES = new Map([
  ["configuration", 2],
  ["name", 2],
  ["unreachable", 3],
]);
