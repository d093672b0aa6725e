import { createHmac } from "node:crypto";
import * as z from "zod";

/**
 * What libsignal stores under `session`, as far as we look into it. A record has several sessions with one
 * contact's device, of which one is open; each has one sending chain and a receiving chain for every turn of
 * the DH ratchet.
 */
const chainSchema = z.looseObject({
  chainKey: z.looseObject({ counter: z.number(), key: z.string().optional() }),
  chainType: z.number(),
});

const entrySchema = z.looseObject({
  currentRatchet: z.looseObject({
    ephemeralKeyPair: z.looseObject({ pubKey: z.string() }),
  }),
  indexInfo: z.looseObject({ closed: z.number() }),
  _chains: z.record(z.string(), chainSchema),
});

const recordSchema = z.looseObject({ _sessions: z.record(z.string(), entrySchema) });

type SessionEntry = z.infer<typeof entrySchema>;
type SessionRecord = z.infer<typeof recordSchema>;

const RECEIVING = 2;

/** The record in a stored value; null where it is not what this version of libsignal writes. */
function parseRecord(json: string): SessionRecord | null {
  const parsed = recordSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : null;
}

function openSessions(record: SessionRecord): SessionEntry[] {
  return Object.values(record._sessions).filter(({ indexInfo }) => indexInfo.closed === -1);
}

function sendingChain({ currentRatchet, _chains }: SessionEntry) {
  return _chains[currentRatchet.ephemeralKeyPair.pubKey];
}

/** Whether something was encrypted between these two: state that must be durable before the peer's next message. */
export function hasSentSince(before: string | null, after: string): boolean {
  const now = parseRecord(after);
  const then = before === null ? null : parseRecord(before);
  // Not understood: as if it were a send.
  if (now === null || (before !== null && then === null)) return true;
  const positions = new Map(
    Object.values(then?._sessions ?? {}).map((session) => [
      session.currentRatchet.ephemeralKeyPair.pubKey,
      sendingChain(session)?.chainKey.counter ?? -1,
    ]),
  );
  return openSessions(now).some((session) => {
    const counter = sendingChain(session)?.chainKey.counter ?? -1;
    return counter > (positions.get(session.currentRatchet.ephemeralKeyPair.pubKey) ?? -1);
  });
}

/**
 * Moves the sending chains of the open sessions ahead: numbers that a lost write may have used are not used
 * again. The peer takes the gap for messages under way. null: nothing to move.
 */
export function skipSendingChains(json: string, by: number): string | null {
  const record = parseRecord(json);
  if (record === null) return null;
  let moved = false;
  for (const session of openSessions(record)) {
    const chain = sendingChain(session);
    if (chain?.chainKey.key === undefined) continue;
    let key: Uint8Array = Buffer.from(chain.chainKey.key, "base64");
    for (let step = 0; step < by; step += 1) key = nextChainKey(key);
    chain.chainKey.key = Buffer.from(key).toString("base64");
    chain.chainKey.counter += by;
    moved = true;
  }
  return moved ? JSON.stringify(record) : null;
}

/** Signal's chain key ratchet: HMAC-SHA256(key, 0x02). */
export function nextChainKey(key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(Buffer.of(2)).digest();
}

/**
 * Drops used-up receiving chains but the newest. libsignal keeps one for every turn of the ratchet (105 bytes
 * each, for ever); Signal itself keeps five. A message that is older than the chains kept cannot be decrypted.
 */
export function trimChains(json: string, keep: number): string {
  const record = parseRecord(json);
  if (record === null) return json;
  let trimmed = false;
  for (const session of Object.values(record._sessions)) {
    const used_up = Object.entries(session._chains).filter(
      ([, { chainType, chainKey }]) => chainType === RECEIVING && chainKey.key === undefined,
    );
    // In the order in which they were added.
    for (const [id] of used_up.slice(0, Math.max(0, used_up.length - keep))) {
      delete session._chains[id];
      trimmed = true;
    }
  }
  return trimmed ? JSON.stringify(record) : json;
}
