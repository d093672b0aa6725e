import type { JsonValue } from "../json/json.ts";
import { parseOutboundMessage } from "./message.ts";

// Helpers for the tests of this folder.

/** The issues of a message, `field: problem; fix` each; empty where it is taken. */
export function issuesIn(message: unknown): string[] {
  const parsed = parseOutboundMessage(message);
  if (parsed.ok) return [];
  return parsed.issues.map(({ field, problem, fix }) => `${field}: ${problem}; ${fix}`);
}

/** A copy with another value at a path such as `interactive.action.buttons[0].reply.title`; undefined takes it away. */
export function withValue(message: unknown, path: string, value: JsonValue | undefined): unknown {
  const copy: unknown = structuredClone(message);
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const last = keys.pop() ?? "";
  const at = keys.reduce<unknown>((part, key) => (isRecord(part) ? part[key] : undefined), copy);
  if (!isRecord(at)) throw new Error(`no such place: ${path}`);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
