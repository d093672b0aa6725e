/** Any value that JSON.parse can return. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A JSON object; a key that is not there reads as undefined. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** True for a JSON object, false for arrays, null and scalars. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
