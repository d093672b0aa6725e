/**
 * JSON as Meta writes it: `/` as `\/`, and every UTF-16 unit above ASCII as `\uxxxx` in lower-case hex.
 *
 * The escaping is part of what Meta signs. A receiver that parses the body and serialises it again
 * gets other bytes and another signature, so the emulator must not be kinder than Meta here.
 */
export function metaJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("/", "\\/")
    .replaceAll(/[\u0080-\uffff]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
