import type {
  AnyMessageContent,
  BinaryNode,
  MiscMessageGenerationOptions,
  WAMessage,
  WASocket,
} from "baileys";

/** What became of a message that was handed to WhatsApp. */
export type Delivery =
  /** WhatsApp has taken it. */
  | { status: "accepted"; id: string; message: WAMessage }
  /** WhatsApp has refused it, or it never left. */
  | { status: "failed"; id: string; error: { code: string; message: string } }
  /** It may have left: the connection ended, or WhatsApp did not answer in time. */
  | { status: "unknown"; id: string; error: { code: string; message: string } };

export interface DeliverRequest {
  jid: string;
  content: AnyMessageContent;
  /** WhatsApp's id of the message. Sent again under the same id, a phone shows it once. */
  id: string;
  options?: MiscMessageGenerationOptions | undefined;
  ack_timeout_ms: number;
}

/**
 * Sends a message and waits for WhatsApp's own word that it has it. Baileys' `sendMessage` resolves when the
 * bytes are in the socket, and never says whether WhatsApp took them.
 */
export async function deliver(socket: WASocket, request: DeliverRequest): Promise<Delivery> {
  const { jid, content, id, options, ack_timeout_ms } = request;
  const answer = waitForAck(socket, id, ack_timeout_ms);
  let message: WAMessage | undefined;
  try {
    message = await socket.sendMessage(jid, content, { ...options, messageId: id });
  } catch (error) {
    answer.stop();
    const description = error instanceof Error ? error.message : "unknown";
    // Whether the stanza had left by then, Baileys does not say.
    return { status: "unknown", id, error: { code: "not_confirmed", message: description } };
  }
  if (message === undefined) {
    answer.stop();
    return { status: "failed", id, error: { code: "not_sent", message: "Baileys sent nothing" } };
  }
  const ack = await answer.ack;
  if (ack === null) {
    const text = "WhatsApp did not confirm it; a receipt will show whether it has arrived";
    return { status: "unknown", id, error: { code: "not_confirmed", message: text } };
  }
  const code = ack.attrs["error"];
  if (code === undefined) return { status: "accepted", id, message };
  return {
    status: "failed",
    id,
    error: { code, message: REFUSALS.get(code) ?? "WhatsApp refused it" },
  };
}

const REFUSALS = new Map([
  ["463", "the account may not begin new conversations at present"],
  ["479", "WhatsApp did not understand the message: the other devices' list may be stale"],
]);

interface Answer {
  /** Null where none came. */
  ack: Promise<BinaryNode | null>;
  stop(): void;
}

function waitForAck({ ws }: WASocket, id: string, timeout_ms: number): Answer {
  const event = `CB:ack,id:${id}`;
  let settle: (node: BinaryNode | null) => void = () => {};
  const ack = new Promise<BinaryNode | null>((resolve) => (settle = resolve));
  const stop = (): void => {
    clearTimeout(timer);
    ws.off(event, onAck);
    ws.off("close", stop);
    settle(null);
  };
  const onAck = (node: BinaryNode): void => {
    if (node.attrs["class"] !== "message") return;
    settle(node);
    stop();
  };
  const timer = setTimeout(stop, timeout_ms);
  ws.on(event, onAck);
  ws.on("close", stop);
  return { ack, stop };
}
