import type { z } from "zod";

/**
 * A zod error in one line, `path: message` joined by "; ". Paths read as in code (`messages[3].id`), behind
 * `prefix` where given. Holds names and types, never the values that were refused.
 */
export function describeIssues(error: z.ZodError, prefix = ""): string {
  return error.issues
    .map((issue) => {
      const path = formatPath(prefix, issue.path);
      return path === "" ? issue.message : `${path}: ${issue.message}`;
    })
    .join("; ");
}

/** A path as in code: `messages[3].id`, behind `prefix`. */
export function formatPath(prefix: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, prefix);
}
