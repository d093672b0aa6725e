import * as z from "zod";
import { parseValue, stringifyValue } from "./buffer-json.ts";
import { nextChainKey } from "./session-record.ts";

/**
 * What Baileys stores under `sender-key`: a list of states, in version 7 as the bytes of their JSON. Our own
 * chain in a group is told from others' by its private signing key.
 */
const bytesSchema = z.union([
  z.instanceof(Uint8Array),
  // Plain JSON's form of a Buffer, which BufferJSON does not revive.
  z
    .object({ type: z.literal("Buffer"), data: z.array(z.number()) })
    .transform(({ data }) => Buffer.from(data)),
]);

const stateSchema = z.looseObject({
  senderKeyId: z.number(),
  senderChainKey: z.looseObject({ iteration: z.number(), seed: bytesSchema }),
  senderSigningKey: z.looseObject({ private: bytesSchema.optional() }),
});

const statesSchema = z.array(stateSchema);
type SenderKeyState = z.infer<typeof stateSchema>;

interface SenderKey {
  states: SenderKeyState[];
  /** Whether it was bytes of JSON (version 7) or the list itself (version 6). */
  is_bytes: boolean;
}

function parseSenderKey(json: string): SenderKey | null {
  const value = parseValue(json);
  const is_bytes = value instanceof Uint8Array;
  try {
    const list = is_bytes ? parseValue(Buffer.from(value).toString()) : value;
    const parsed = statesSchema.safeParse(list);
    return parsed.success ? { states: parsed.data, is_bytes } : null;
  } catch {
    return null;
  }
}

function isOwn({ senderSigningKey }: SenderKeyState): boolean {
  return (senderSigningKey.private?.length ?? 0) > 0;
}

/** Whether we have encrypted for the group between these two. */
export function hasSentToGroupSince(before: string | null, after: string): boolean {
  const now = parseSenderKey(after);
  const then = before === null ? null : parseSenderKey(before);
  if (now === null || (before !== null && then === null)) return true;
  const positions = new Map(
    then?.states.map(({ senderKeyId, senderChainKey }) => [senderKeyId, senderChainKey.iteration]),
  );
  return now.states
    .filter(isOwn)
    .some(
      ({ senderKeyId, senderChainKey }) =>
        senderChainKey.iteration > (positions.get(senderKeyId) ?? -1),
    );
}

/** As skipSendingChains(), for our own chain in a group. null: there is none. */
export function skipSenderKey(json: string, by: number): string | null {
  const key = parseSenderKey(json);
  const own = key?.states.filter(isOwn) ?? [];
  if (key === null || own.length === 0) return null;
  for (const { senderChainKey } of own) {
    let seed: Uint8Array = senderChainKey.seed;
    for (let step = 0; step < by; step += 1) seed = nextChainKey(seed);
    senderChainKey.seed = Buffer.from(seed);
    senderChainKey.iteration += by;
  }
  // Within its bytes Baileys writes plain JSON, where a Buffer is a list of numbers.
  return stringifyValue(key.is_bytes ? Buffer.from(JSON.stringify(key.states)) : key.states);
}
