/** Answers what was read, unless that was longer ago than `max_age_ms`: then it is read anew. */
export type Cached<Value> = (max_age_ms: number) => Promise<Value>;

/** Keeps what `read` answers for this isolate. Those who ask at once share one reading; a failed one is not kept. */
export function createCached<Value>(read: () => Promise<Value>, now = Date.now): Cached<Value> {
  let kept: { value: Promise<Value>; read_at: number } | null = null;
  return async (max_age_ms) => {
    if (kept !== null && now() - kept.read_at < max_age_ms) return await kept.value;
    const reading = { value: read(), read_at: now() };
    kept = reading;
    try {
      return await reading.value;
    } catch (error) {
      if (kept === reading) kept = null;
      throw error;
    }
  };
}
