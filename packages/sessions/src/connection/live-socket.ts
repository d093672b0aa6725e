import type {
  AuthenticationState,
  BaileysEventMap,
  BinaryNode,
  UserFacingSocketConfig,
  WAMessage,
  WASocket,
} from "baileys";
import type { Baileys } from "../baileys.ts";
import { withPlaintextGate } from "./plaintext-gate.ts";
import { SocketKeys } from "./socket-keys.ts";

/** What a socket hears. */
export interface SocketListener {
  /** A message was decrypted. WhatsApp is told that it arrived only after this resolves. */
  message(message: WAMessage): Promise<void>;
  /** Every event of Baileys, in order and at once: before Baileys holds it back or folds it into another. */
  events(events: Partial<BaileysEventMap>): void;
  /** The socket that speaks from now on. */
  attach(socket: WASocket): void;
}

export interface LiveSocket {
  readonly socket: WASocket;
  /**
   * Ends the socket, and resolves when nothing of it touches the keys any more. What it still receives is not
   * decrypted (WhatsApp sends it again to the next socket); what it has sent is still written.
   */
  retire(): Promise<void>;
}

export interface LiveSocketOptions {
  auth: AuthenticationState;
  listener: SocketListener;
  settings: Omit<UserFacingSocketConfig, "auth">;
}

/** How long a socket that has ended may take to write what it has sent. */
const DRAIN_MS = 10_000;

export function openLiveSocket(baileys: Baileys, options: LiveSocketOptions): LiveSocket {
  const { auth, listener, settings } = options;
  const keys = new SocketKeys(auth.keys);
  const gate = withPlaintextGate(baileys, keys, (message) => listener.message(message));
  const socket = baileys.makeWASocket({
    ...settings,
    auth: { creds: auth.creds, keys },
    // A refused write must fail at once: Baileys' ten tries of three seconds hold up every send.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    makeSignalRepository: gate.makeSignalRepository,
  });
  socket.ws.on("CB:message", (node: BinaryNode) => gate.note(node, auth.creds));
  endOnHttpAnswer(socket);
  listener.attach(socket);
  tapEvents(socket, listener);
  const work = countTransactions(socket);
  return {
    socket,
    retire: async () => {
      keys.stopReading();
      endSocket(socket);
      await work.drained(DRAIN_MS);
      keys.stopWriting();
    },
  };
}

/**
 * Baileys listens for an HTTP answer instead of a web socket (a proxy's 401, a 503), so that `ws` does not end the
 * attempt, and then does nothing: the socket would neither open nor close.
 */
function endOnHttpAnswer(socket: WASocket): void {
  socket.ws.on(
    "unexpected-response",
    (request: { destroy(): void }, response: { statusCode?: number }) => {
      request.destroy();
      const output = { statusCode: response.statusCode ?? 0 };
      const error = Object.assign(new Error("HTTP answer instead of a web socket"), { output });
      socket.end(error).catch(() => {});
    },
  );
}

/** Not waited for: a peer that does not answer the closing handshake holds it for half a minute. */
function endSocket(socket: WASocket): void {
  socket.end(undefined).catch(() => {});
}

/** Hands on each event as it is emitted. Baileys' own buffer holds events back for up to 30 s, and merges them. */
function tapEvents({ ev }: WASocket, listener: SocketListener): void {
  const emit = ev.emit.bind(ev);
  ev.emit = (event, data) => {
    const events: Partial<BaileysEventMap> = {};
    events[event] = data;
    listener.events(events);
    return emit(event, data);
  };
}

/** Counts what is under way between a socket's first read of the keys and its commit. */
function countTransactions({ authState }: WASocket): {
  drained(timeout_ms: number): Promise<void>;
} {
  const { keys } = authState;
  const transaction = keys.transaction.bind(keys);
  let running = 0;
  let idle: (() => void)[] = [];
  const ended = (): void => {
    running -= 1;
    if (running > 0) return;
    for (const resolve of idle) resolve();
    idle = [];
  };
  keys.transaction = async (work, label) => {
    running += 1;
    try {
      return await transaction(work, label);
    } finally {
      ended();
    }
  };
  return {
    drained: async (timeout_ms) => {
      if (running === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeout_ms);
        idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
