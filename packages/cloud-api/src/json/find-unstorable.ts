/**
 * What of a value from JSON Postgres cannot hold: text or a key with U+0000 or a lone surrogate, a number beyond
 * a double's range, or more than `max_depth` levels. Null where it can hold all. No recursion.
 */
export function findUnstorable(
  value: unknown,
  max_depth = Infinity,
): "text" | "number" | "depth" | null {
  const stack: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { value: part, depth } = next;
    if (typeof part === "string" && !isStorable(part)) return "text";
    if (typeof part === "number" && !Number.isFinite(part)) return "number";
    if (typeof part !== "object" || part === null) continue;
    if (depth >= max_depth) return "depth";
    for (const [key, inner] of Object.entries(part)) {
      if (!isStorable(key)) return "text";
      stack.push({ value: inner, depth: depth + 1 });
    }
  }
  return null;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
