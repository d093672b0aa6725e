import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { AuthStateOptions } from "../auth-state/types.ts";
import { useSupabaseAuthState } from "../auth-state/use-supabase-auth-state.ts";
import { loadBaileys } from "../baileys.ts";
import { SessionError } from "../errors.ts";
import { Inbox } from "../ingest/inbox.ts";
import { createSessionRecords, type SessionRecords } from "../ingest/session-records.ts";
import type { ServiceClient } from "../supabase/service-client.ts";
import type { LogLine } from "./baileys-logger.ts";
import { createOutboxSender, type OutboxSender } from "./outbox-sender.ts";
import { connectSession, type ConnectOptions, type SessionConnection } from "./connect-session.ts";

export interface SessionManagerOptions extends Pick<
  ConnectOptions,
  "settings" | "times" | "ack_timeout_ms"
> {
  /**
   * The database that hears of sessions and their messages, with the secret key. Tenants are then ids of
   * whatsapp_tenants. Without one sessions are kept and connected, and nothing is stored of what they hear.
   */
  client?: ServiceClient;
  /** How the keys are kept; `owner` names this process to others. */
  auth?: Omit<AuthStateOptions, "force" | "wait_ms">;
  log?: LogLine;
}

export interface OpenSessionOptions extends Pick<AuthStateOptions, "force" | "wait_ms"> {
  /** Digits, no plus: show a pairing code for this phone instead of a QR code. */
  pair_by_phone?: string;
}

/** The sessions of one process. */
export interface SessionManager {
  /**
   * Opens a session, or answers the one that is open: asked for twice it is opened once.
   * @throws SessionError: `held` names the process that has it
   */
  open(tenant: string, name: string, options?: OpenSessionOptions): Promise<SessionConnection>;
  get(tenant: string, name: string): SessionConnection | null;
  list(): SessionConnection[];
  /** Unlinks the device on the phone and deletes the session, open or not. */
  disconnect(tenant: string, name: string): Promise<void>;
  /** Closes all: everything is written, every lease given free. */
  close(): Promise<void>;
}

/** How long a session that is not open may take to connect, so that its phone can be told that it goes. */
const CONNECT_TO_LEAVE_MS = 20_000;
/** Sessions that are closed side by side: each takes a few requests. */
const CLOSED_AT_ONCE = 16;

export function createSessionManager(options: SessionManagerOptions = {}): SessionManager {
  return new Manager(options);
}

class Manager implements SessionManager {
  private readonly options: SessionManagerOptions;
  private readonly records: SessionRecords | null;
  private readonly outbox: OutboxSender | null;
  private readonly owner: string;
  private readonly opening = new Map<string, Promise<SessionConnection>>();
  private readonly open_ones = new Map<string, SessionConnection>();
  private is_closed = false;

  constructor(options: SessionManagerOptions) {
    this.options = options;
    this.records = options.client === undefined ? null : createSessionRecords(options.client);
    this.outbox =
      options.client === undefined ? null : createOutboxSender(options.client, options.log);
    this.owner = options.auth?.owner ?? `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  }

  async open(
    tenant: string,
    name: string,
    options: OpenSessionOptions = {},
  ): Promise<SessionConnection> {
    if (this.is_closed) throw new SessionError("closed", "the session manager is closed");
    if (this.records !== null) checkTenantId(tenant);
    const key = keyOf(tenant, name);
    const known = this.open_ones.get(key) ?? this.opening.get(key);
    if (known !== undefined) return await known;
    const opening = this.connect(tenant, name, options);
    this.opening.set(key, opening);
    try {
      return await opening;
    } finally {
      this.opening.delete(key);
    }
  }

  get(tenant: string, name: string): SessionConnection | null {
    return this.open_ones.get(keyOf(tenant, name)) ?? null;
  }

  list(): SessionConnection[] {
    return [...this.open_ones.values()];
  }

  async disconnect(tenant: string, name: string): Promise<void> {
    const connection = await this.open(tenant, name);
    await settled(connection);
    await connection.disconnect();
  }

  async close(): Promise<void> {
    this.is_closed = true;
    await Promise.allSettled(this.opening.values());
    await this.outbox?.stop();
    const rest = this.list();
    while (rest.length > 0) {
      await Promise.all(rest.splice(0, CLOSED_AT_ONCE).map(async (one) => await one.close()));
    }
  }

  private async connect(
    tenant: string,
    name: string,
    { pair_by_phone, ...opening }: OpenSessionOptions,
  ): Promise<SessionConnection> {
    const baileys = await loadBaileys();
    const { records, owner } = this;
    const { auth, settings, times, ack_timeout_ms, log = () => {} } = this.options;
    const connection = await connectSession({
      openAuthState: async () =>
        await useSupabaseAuthState(tenant, name, { ...auth, ...opening, owner }),
      log,
      ...(settings && { settings }),
      ...(times && { times }),
      ...(ack_timeout_ms !== undefined && { ack_timeout_ms }),
      ...(pair_by_phone !== undefined && { pair_by_phone }),
      ...(records && {
        listen: (handle) => {
          const reporter = { tenant_id: tenant, name, epoch: handle.epoch, holder: owner };
          return new Inbox(baileys, handle, { records, reporter, log });
        },
      }),
    });
    const key = keyOf(tenant, name);
    this.open_ones.set(key, connection);
    this.outbox?.follow(connection, { tenant_id: tenant, name });
    connection.events.once("end", () => {
      if (this.open_ones.get(key) === connection) this.open_ones.delete(key);
    });
    return connection;
  }
}

/** Names have no control characters. */
function keyOf(tenant: string, name: string): string {
  return `${tenant}\n${name}`;
}

function checkTenantId(tenant: string): void {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(tenant)) return;
  throw new SessionError(
    "name",
    "tenant: is not the id of a row of whatsapp_tenants, in lower case. Its messages would belong to nobody.",
  );
}

/** Waits until the session is open, waits for a phone that it need not be unlinked from, or has had its time. */
async function settled({ state, events }: SessionConnection): Promise<void> {
  if (state === "open" || state === "pairing") return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, CONNECT_TO_LEAVE_MS);
    const onReport = (report: { state: string }): void => {
      if (report.state === "open" || report.state === "pairing") done();
    };
    function done(): void {
      clearTimeout(timer);
      events.off("report", onReport);
      events.off("end", done);
      resolve();
    }
    events.on("report", onReport);
    events.once("end", done);
  });
}
