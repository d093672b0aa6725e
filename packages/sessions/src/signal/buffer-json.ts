/** Baileys' BufferJSON, byte for byte, so that it need not be loaded to read a session. */
export function stringifyValue(value: unknown): string {
  return JSON.stringify(value, replacer);
}

export function parseValue(json: string): unknown {
  return JSON.parse(json, reviver);
}

function replacer(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return tagged(value);
  // A Buffer's own toJSON() has run before: {type: "Buffer", data: [numbers]}.
  if (isTagged(value)) {
    return tagged(typeof value.data === "string" ? Buffer.from(value.data) : toBytes(value.data));
  }
  return value;
}

function reviver(_key: string, value: unknown): unknown {
  if (isTagged(value) && typeof value.data === "string") return Buffer.from(value.data, "base64");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  // A Uint8Array that plain JSON has written: {"0": 1, "1": 2}.
  const entries = Object.entries(value);
  const is_bytes =
    entries.length > 0 &&
    entries.every(
      ([key, item]) => !Number.isNaN(Number.parseInt(key, 10)) && typeof item === "number",
    );
  return is_bytes ? toBytes(Object.values(value)) : value;
}

function isTagged(value: unknown): value is { type: "Buffer"; data?: unknown } {
  return typeof value === "object" && value !== null && "type" in value && value.type === "Buffer";
}

function tagged(bytes: Uint8Array): { type: "Buffer"; data: string } {
  return { type: "Buffer", data: Buffer.from(bytes).toString("base64") };
}

function toBytes(data: unknown): Buffer {
  return Buffer.from(Array.isArray(data) ? data.map(Number) : []);
}
