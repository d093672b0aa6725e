import type { MessageState } from "../message-state.ts";
import { type Outbox, sleep } from "./outbox.ts";
import type { Send } from "./send.ts";

export interface SendInOrder {
  outbox: Outbox;
  send: Send;
  /** How it stands with the message now. */
  read: () => Promise<MessageState>;
}

const POLL_MS = 200;

/**
 * Sends what stands in a conversation's queue up to this message, the way that a dispatcher does: what was
 * queued before goes before, and nobody's limit is passed over. Resolves with the message's state when Meta
 * has answered for it, or when it would have to wait longer than the time.
 */
export async function sendInOrder(
  { outbox, send, read }: SendInOrder,
  queued: MessageState,
  wait_ms: number,
): Promise<MessageState> {
  const deadline = Date.now() + wait_ms;
  let state = queued;
  while (Date.now() < deadline) {
    const { sends, next_ms } = await outbox.lease({
      max_sends: 1,
      only_conversation: queued.conversation_id,
    });
    const [message] = sends;
    if (message !== undefined) {
      const recorded = await outbox.record(await send(message));
      if (message.id === queued.id) return recorded;
    } else {
      // Another sender has it, or it waits for its turn.
      state = await read();
      const is_under_way = state.status === "sending";
      if (!is_under_way && state.status !== "queued") return state;
      const pause_ms = is_under_way ? POLL_MS : Math.min(next_ms ?? POLL_MS, POLL_MS);
      if (!is_under_way && next_ms !== null && Date.now() + next_ms > deadline) return state;
      await sleep(pause_ms);
    }
  }
  return await read();
}
