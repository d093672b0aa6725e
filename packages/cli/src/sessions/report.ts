import { SessionError } from "@wabase/sessions";
import { ArchiveError } from "@wabase/sessions/archive";

/** What stops one session and not the next. */
export interface Failure {
  code: string;
  message: string;
}

/** Runs the work of one session; its refusal is an answer, everything else ends the command. */
export async function attempt<Value>(
  work: () => Promise<Value>,
): Promise<{ value: Value; error: null } | { value: null; error: Failure }> {
  try {
    return { value: await work(), error: null };
  } catch (error) {
    const is_own = error instanceof ArchiveError || error instanceof SessionError;
    if (!is_own || error.code === "unreachable" || error.code === "configuration") throw error;
    return { value: null, error: { code: error.code, message: error.message } };
  }
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kilobytes = bytes / 1024;
  return kilobytes < 1024 ? `${kilobytes.toFixed(1)} KB` : `${(kilobytes / 1024).toFixed(1)} MB`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
