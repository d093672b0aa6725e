import { EventEmitter } from "node:events";
import type { AnyMessageContent, ConnectionState, UserFacingSocketConfig, WASocket } from "baileys";
import type { AuthStateHandle } from "../auth-state/types.ts";
import { SessionError } from "../errors.ts";
import { type Baileys, loadBaileys } from "../baileys.ts";
import { createBaileysLogger, type LogLine } from "./baileys-logger.ts";
import { CLOSING, type Closing, readClosing } from "./closing.ts";
import type {
  ConnectionEvents,
  OpenAuthState,
  SessionEnd,
  SessionReport,
  SessionState,
} from "./connection-events.ts";
import { deliver, type Delivery, type DeliverRequest } from "./deliver.ts";
import { type QueuedMessage, readQueued, type SendOutcome, toOutcome } from "./queued-message.ts";
import { type LiveSocket, openLiveSocket, type SocketListener } from "./live-socket.ts";
import { nextStep, RECONNECT_TIMES, type ReconnectTimes } from "./next-step.ts";

export type SocketSettings = Omit<UserFacingSocketConfig, "auth" | "logger" | "transactionOpts">;

/** What hears a session's messages: see createInbox. */
export interface SessionListener extends SocketListener {
  /** Before each new socket, with the phone (digits) once it is paired. */
  begin(phone: string | null): Promise<void>;
  report(report: SessionReport): void;
  /** A message of the outbox is about to be sent under this id: it has its row. */
  ignore(message_id: string): void;
  /** Resolves when everything that was heard is stored and every report written; waits for a while only. */
  drain(): Promise<void>;
  /** Nothing is stored any more. */
  end(): void;
}

export interface ConnectOptions {
  openAuthState: OpenAuthState;
  listen?: (handle: AuthStateHandle) => SessionListener;
  /** Show a pairing code for this phone (digits, no plus) instead of a QR code. */
  pair_by_phone?: string;
  /** Settings of Baileys' socket, for example `browser` or `agent`. */
  settings?: SocketSettings;
  times?: Partial<ReconnectTimes>;
  /** Default 30,000 ms. */
  ack_timeout_ms?: number;
  log?: LogLine;
}

/** A session that keeps itself connected until it is closed, logged out, lost or blocked. */
export interface SessionConnection {
  readonly handle: AuthStateHandle;
  readonly state: SessionState;
  /** Digits, no plus; null until paired. */
  readonly phone: string | null;
  readonly events: EventEmitter<ConnectionEvents>;
  /** The socket, while it is open. For what this interface has no name for. */
  readonly socket: WASocket | null;
  /** Resolves when the session is open, or rejects with the reason why it never will be. */
  whenOpen(): Promise<void>;
  whenEnded(): Promise<SessionEnd>;
  /** Sends, and resolves when WhatsApp has it and the keys behind it are durable. */
  send(jid: string, content: AnyMessageContent, options?: SendOptions): Promise<Delivery>;
  /** Sends a row of the outbox. */
  sendQueued(queued: QueuedMessage): Promise<SendOutcome>;
  /** Unlinks the device on the phone and deletes the session. */
  disconnect(): Promise<void>;
  /** Ends the socket, writes what is left and gives the session free. The device stays linked. */
  close(): Promise<void>;
}

export interface SendOptions extends Pick<DeliverRequest, "options"> {
  id?: string;
}

/** How long WhatsApp shows a QR code: the first of a connection, and each further one (Baileys' defaults). */
const FIRST_QR_MS = 60_000;
const FURTHER_QR_MS = 20_000;
/** WhatsApp forgets a pairing code after three minutes. */
const CODE_MS = 180_000;
/** A connection that lasted this long has not failed. */
const STABLE_MS = 30_000;

/**
 * Opens a session and keeps it connected.
 * @throws SessionError `held`, naming who writes the session; `no_baileys`; or why it cannot be read
 */
export async function connectSession(options: ConnectOptions): Promise<SessionConnection> {
  const baileys = await loadBaileys();
  const handle = await options.openAuthState();
  const connection = new Connection(baileys, options, handle);
  // Not before the caller has had its turn to listen.
  setImmediate(() => connection.start());
  return connection;
}

class Connection implements SessionConnection {
  readonly events = new EventEmitter<ConnectionEvents>();
  readonly handle: AuthStateHandle;
  state: SessionState = "connecting";
  private readonly baileys: Baileys;
  private readonly options: ConnectOptions;
  private readonly log: LogLine;
  private readonly listener: SessionListener;
  private live: LiveSocket | null = null;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private replaced = 0;
  private opened_at = 0;
  private ending: Promise<void> | null = null;
  private end: SessionEnd | null = null;

  constructor(baileys: Baileys, options: ConnectOptions, handle: AuthStateHandle) {
    this.baileys = baileys;
    this.options = options;
    this.handle = handle;
    this.log = options.log ?? (() => {});
    this.listener = options.listen?.(handle) ?? DEAF;
    handle.signal.addEventListener("abort", () => this.onLost(), { once: true });
  }

  get phone(): string | null {
    const { creds } = this.handle.state;
    if (creds.account === undefined) return null;
    return this.baileys.jidDecode(creds.me?.id)?.user ?? null;
  }

  get socket(): WASocket | null {
    return this.state === "open" ? (this.live?.socket ?? null) : null;
  }

  start(): void {
    this.open().catch((error: unknown) => this.retryLater(error));
  }

  async whenOpen(): Promise<void> {
    if (this.state === "open") return;
    await new Promise<void>((resolve, reject) => {
      const onReport = ({ state }: SessionReport): void => {
        if (state !== "open") return;
        this.events.off("end", onEnd);
        this.events.off("report", onReport);
        resolve();
      };
      const onEnd = ({ state, error }: SessionEnd): void => {
        this.events.off("report", onReport);
        reject(error ?? new SessionError("closed", `session ${this.handle.session}: is ${state}`));
      };
      if (this.end !== null) return onEnd(this.end);
      this.events.on("report", onReport);
      this.events.once("end", onEnd);
    });
  }

  async whenEnded(): Promise<SessionEnd> {
    if (this.end !== null) return this.end;
    return await new Promise((resolve) => void this.events.once("end", resolve));
  }

  async send(
    jid: string,
    content: AnyMessageContent,
    options: SendOptions = {},
  ): Promise<Delivery> {
    const { socket } = this;
    const id = options.id ?? this.baileys.generateMessageIDV2(this.handle.state.creds.me?.id);
    if (socket === null) {
      const message = `the session is ${this.state}`;
      return { status: "failed", id, error: { code: "not_connected", message } };
    }
    const ack_timeout_ms = this.options.ack_timeout_ms ?? 30_000;
    const request = { jid, content, id, options: options.options, ack_timeout_ms };
    const delivery = await deliver(socket, request);
    // The chain has moved on: told only once it cannot move back.
    await this.handle.flush();
    return delivery;
  }

  async sendQueued(queued: QueuedMessage): Promise<SendOutcome> {
    const request = readQueued(queued);
    if ("error" in request) return { status: "failed", error: request.error };
    this.listener.ignore(request.id);
    const { jid, content, id, options } = request;
    return toOutcome(await this.send(jid, content, { id, options }));
  }

  async disconnect(): Promise<void> {
    const { socket } = this;
    await this.finish("logged_out", null, async () => {
      if (socket !== null) await logOut(socket);
      await this.retire();
      await this.handle.delete();
    });
  }

  async close(): Promise<void> {
    await this.finish("stopped", null, async () => {
      await this.retire();
      await this.listener.drain();
      await this.handle.close();
    });
  }

  private async open(): Promise<void> {
    if (this.ending !== null) return;
    const { creds } = this.handle.state;
    if (creds.account === undefined) {
      // Of a pairing by code that was not finished: Baileys would log in as somebody it is not.
      delete creds.me;
      creds.pairingCode = undefined;
    }
    this.report("connecting");
    await this.listener.begin(this.phone);
    if (this.ending !== null) return;
    const live = openLiveSocket(this.baileys, {
      auth: this.handle.state,
      listener: this.listener,
      settings: { ...this.options.settings, logger: createBaileysLogger(this.log) },
    });
    this.live = live;
    let codes = 0;
    live.socket.ev.on("creds.update", () => {
      // A refused write aborts the handle's signal, which ends this connection: nothing is lost in silence.
      this.handle.saveCreds().catch(() => {});
    });
    live.socket.ev.on("messages.upsert", ({ messages }) => {
      for (const { messageStubType, messageStubParameters } of messages) {
        if (messageStubType !== this.baileys.WAMessageStubType.CIPHERTEXT) continue;
        this.events.emit("undecryptable", String(messageStubParameters?.[0] ?? ""));
      }
    });
    live.socket.ev.on("connection.update", (update) => {
      if (this.live !== live) return;
      if (update.qr !== undefined) {
        codes += 1;
        void this.showCode(live.socket, update.qr, codes);
      }
      if (update.connection === "open") this.onOpen();
      if (update.connection === "close") void this.onClose(update);
    });
  }

  private async showCode(socket: WASocket, qr: string, codes: number): Promise<void> {
    const { pair_by_phone } = this.options;
    if (pair_by_phone === undefined) {
      const expires_at = new Date(Date.now() + (codes === 1 ? FIRST_QR_MS : FURTHER_QR_MS));
      this.report("pairing", { pairing: { kind: "qr", value: qr, expires_at } });
      this.events.emit("qr", qr, expires_at);
      return;
    }
    // One code a connection: WhatsApp counts how often a phone is asked.
    if (codes > 1) return;
    try {
      const code = await socket.requestPairingCode(pair_by_phone);
      const expires_at = new Date(Date.now() + CODE_MS);
      this.report("pairing", { pairing: { kind: "code", value: code, expires_at } });
      this.events.emit("pairing_code", code, expires_at);
    } catch {
      this.log("warn", `session ${this.handle.session}: WhatsApp gave no pairing code`);
    }
  }

  private onOpen(): void {
    this.opened_at = Date.now();
    this.report("open");
  }

  private async onClose({ lastDisconnect }: Partial<ConnectionState>): Promise<void> {
    const closing = readClosing(lastDisconnect?.error);
    await this.retire();
    if (this.ending !== null) return;
    try {
      // Before anything is opened again: the next socket must find what this one has learnt (515: the pairing).
      await this.handle.flush();
      await this.follow(closing);
    } catch (error) {
      this.retryLater(error);
    }
  }

  private async follow(closing: Closing): Promise<void> {
    const lasted = this.opened_at > 0 && Date.now() - this.opened_at >= STABLE_MS;
    this.opened_at = 0;
    if (lasted) this.failures = this.replaced = 0;
    const step = nextStep(closing, {
      is_paired: this.phone !== null,
      failures: this.failures,
      replaced: this.replaced,
      times: { ...RECONNECT_TIMES, ...this.options.times },
      random: Math.random(),
    });
    if (closing.code !== CLOSING.restart_required) {
      this.log("warn", `session ${this.handle.session}: ${closing.reason} (${closing.code})`);
      this.failures += 1;
    }
    const error = { code: String(closing.code), message: closing.reason };
    if (step.kind === "delete") {
      return await this.finish("logged_out", null, async () => await this.handle.delete(), error);
    }
    if (step.kind === "stop") {
      return await this.finish(step.state, null, async () => await this.release(), error);
    }
    if (step.kind === "reopen_if_ours") {
      this.replaced += 1;
      // Writes, so the database says whether the session is ours. If not, the signal says who has it.
      await this.handle.saveCreds();
    }
    this.wait(step.after_ms, error);
  }

  /** Keys stay where they are, free for the next opening. */
  private async release(): Promise<void> {
    await this.listener.drain();
    await this.handle.close();
  }

  private retryLater(error: unknown): void {
    if (this.ending !== null) return;
    const code = error instanceof SessionError ? error.code : "error";
    this.failures += 1;
    const { base_ms, max_ms } = { ...RECONNECT_TIMES, ...this.options.times };
    this.log("warn", `session ${this.handle.session}: could not connect (${code})`);
    this.wait(Math.min(max_ms, base_ms * 2 ** Math.min(this.failures, 16)), {
      code,
      message: "could not connect",
    });
  }

  private wait(after_ms: number, error: SessionReport["error"]): void {
    if (this.ending !== null) return;
    if (after_ms > 0) {
      this.report("waiting", { error, next_attempt_at: new Date(Date.now() + after_ms) });
    }
    this.timer = setTimeout(() => this.start(), after_ms);
  }

  private onLost(): void {
    const reason: unknown = this.handle.signal.reason;
    const error = reason instanceof SessionError ? reason : new SessionError("closed", "closed");
    if (error.code === "closed") return;
    this.log("error", `session ${this.handle.session}: ${error.message}`);
    // Whoever has the session writes its state from now on; ours would be a lie.
    void this.finish("stopped", error, async () => await this.retire());
  }

  private async retire(): Promise<void> {
    const { live } = this;
    this.live = null;
    await live?.retire();
  }

  private async finish(
    state: SessionState,
    error: SessionError | null,
    ...[work, details]: [work: () => Promise<void>, details?: SessionReport["error"]]
  ): Promise<void> {
    this.ending ??= this.finishOnce({ state, error }, work, details ?? null);
    await this.ending;
  }

  private async finishOnce(
    end: SessionEnd,
    work: () => Promise<void>,
    details: SessionReport["error"],
  ): Promise<void> {
    clearTimeout(this.timer);
    this.state = end.state;
    try {
      await work();
      if (end.error === null) this.report(end.state, { error: details });
      await this.listener.drain();
    } finally {
      this.listener.end();
      this.end = end;
      this.events.emit("end", end);
    }
  }

  private report(state: SessionState, details: Partial<SessionReport> = {}): void {
    this.state = state;
    const report: SessionReport = {
      state,
      phone: this.phone,
      error: null,
      next_attempt_at: null,
      pairing: null,
      ...details,
    };
    this.listener.report(report);
    this.events.emit("report", report);
  }
}

const DEAF: SessionListener = {
  begin: async () => {},
  attach: () => {},
  message: async () => {},
  events: () => {},
  report: () => {},
  ignore: () => {},
  drain: async () => {},
  end: () => {},
};

/** Tells WhatsApp to unlink the device. If it does not hear us, the phone still lists it. */
async function logOut(socket: WASocket): Promise<void> {
  try {
    await socket.logout();
  } catch {
    // The connection ended first: what is deleted here cannot log in again.
  }
}
