import type { z } from "zod";
import { formatPath } from "../describe-issues.ts";

/** One thing that is wrong with a message: where, what, and what to do about it. Never the value itself. */
export interface OutboundIssue {
  /** As in code: `interactive.action.buttons[3].reply.title`; "" is the message as a whole. */
  field: string;
  problem: string;
  fix: string;
}

/** Stands between problem and fix in the messages of the schemas here. */
const SEPARATOR = "; ";

/** The message of an issue, as the schemas here write it. */
export function say(problem: string, fix: string): string {
  return `${problem}${SEPARATOR}${fix}`;
}

/** Every issue of a zod error, an unknown field each its own. */
export function issuesOf(error: z.ZodError, prefix = ""): OutboundIssue[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) =>
        split(formatPath(prefix, [...issue.path, key]), issue.message),
      );
    }
    return [split(formatPath(prefix, issue.path), issue.message)];
  });
}

function split(field: string, message: string): OutboundIssue {
  const at = message.indexOf(SEPARATOR);
  if (at < 0) return { field, problem: message, fix: "correct it" };
  return { field, problem: message.slice(0, at), fix: message.slice(at + SEPARATOR.length) };
}

/** The issues in one line, for an error message or a log: `field: problem; fix`, several joined by " | ". */
export function formatIssues(issues: readonly OutboundIssue[]): string {
  return issues
    .map(({ field, problem, fix }) => `${field === "" ? "" : `${field}: `}${say(problem, fix)}`)
    .join(" | ");
}
