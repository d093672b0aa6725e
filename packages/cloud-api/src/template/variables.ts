import type { BodyParameter, HeaderParameter } from "../outbound/template/parameters.ts";

/** `{{1}}` or `{{first_name}}`, spaces allowed. */
const VARIABLE = /\{\{\s*([A-Za-z0-9_]+)\s*\}\}/g;

/** The variables of a template's text, each once, in the order in which they first stand there. */
export function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].flatMap(([, name]) => name ?? []))];
}

type Parameter = BodyParameter | HeaderParameter;

/** What a parameter reads as; null for media and other things that are not text. */
export function valueOf(parameter: Parameter): string | null {
  if (parameter.type === "text") return parameter.text;
  if (parameter.type === "currency") return parameter.currency.fallback_value;
  if (parameter.type === "date_time") return parameter.date_time.fallback_value;
  return null;
}

/**
 * The text with its variables filled in. Named parameters go by name, others by their number; what has no value
 * stays as it is.
 */
export function fillIn(text: string, parameters: readonly Parameter[]): string {
  const values = new Map<string, string>();
  for (const [index, parameter] of parameters.entries()) {
    const value = valueOf(parameter);
    const name = "parameter_name" in parameter ? parameter.parameter_name : undefined;
    if (value !== null) values.set(name ?? String(index + 1), value);
  }
  // A function: in a text "$&" would be read as a pattern.
  return text.replaceAll(VARIABLE, (variable, name: string) => values.get(name) ?? variable);
}
