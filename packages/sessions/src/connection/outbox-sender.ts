import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { unwrap } from "@wabase/database";
import { z } from "zod";
import type { ServiceClient } from "../supabase/service-client.ts";
import type { LogLine } from "./baileys-logger.ts";
import type { SessionConnection } from "./connect-session.ts";
import type { SendOutcome } from "./queued-message.ts";

/** How often a process asks for work, all its sessions in one request. */
const LOOK_EVERY_MS = 1_000;
/** A session sends one message after another; what it has leased and not sent, a crash leaves unknown. */
const SENDS_AT_ONCE = 1;
/** Longer than a message waits for WhatsApp's word. */
const LEASE_SECONDS = 120;

const sendSchema = z.object({
  id: z.string(),
  lease_id: z.string(),
  to: z.string().optional(),
  recipient: z.string().optional(),
  recipient_type: z.literal("group").optional(),
  content: z.record(z.string(), z.json()),
});
const leaseSchema = z.object({ sends: z.array(sendSchema) });

type LeasedSend = z.infer<typeof sendSchema>;

/** Sends what is queued for web numbers (whatsapp_lease_sends) through their sessions. */
export interface OutboxSender {
  /** Sends for this session whenever it is open, until it ends. */
  follow(connection: SessionConnection, session: { tenant_id: string; name: string }): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

export function createOutboxSender(client: ServiceClient, log: LogLine = () => {}): OutboxSender {
  const followed = new Map<SessionConnection, Followed>();
  const stopping = new AbortController();
  let looking: Promise<void> | null = null;

  const look = async (): Promise<void> => {
    while (followed.size > 0 && !stopping.signal.aborted) {
      try {
        await startDue(client, followed, log);
      } catch (error) {
        log("warn", `outbox: ${nameOf(error)}`);
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
    looking = null;
  };
  return {
    follow: (connection, session) => {
      followed.set(connection, { session, number_id: null, sending: null });
      connection.events.once("end", () => followed.delete(connection));
      looking ??= look();
    },
    stop: async () => {
      stopping.abort();
      await looking;
      await Promise.all([...followed.values()].flatMap(({ sending }) => sending ?? []));
    },
  };
}

interface Followed {
  session: { tenant_id: string; name: string };
  /** Null until it is paired. */
  number_id: string | null;
  sending: Promise<void> | null;
}

/** Lets each session with a message that is due send it, where it is not at it already. */
async function startDue(
  client: ServiceClient,
  followed: Map<SessionConnection, Followed>,
  log: LogLine,
): Promise<void> {
  const idle = [...followed].filter(([{ socket }, { sending }]) => socket !== null && !sending);
  for (const [, one] of idle) one.number_id ??= await findNumber(client, one.session);
  const number_ids = idle.flatMap(([, { number_id }]) => number_id ?? []);
  if (number_ids.length === 0) return;
  const due = new Set(unwrap(await client.rpc("whatsapp_numbers_to_send_from", { number_ids })));
  for (const [connection, one] of idle) {
    const { number_id } = one;
    if (number_id === null || !due.has(number_id)) continue;
    one.sending = sendDue(client, connection, number_id)
      .catch((error: unknown) => log("warn", `outbox: ${nameOf(error)}`))
      .finally(() => (one.sending = null));
  }
}

async function findNumber(
  client: ServiceClient,
  { tenant_id, name }: Followed["session"],
): Promise<string | null> {
  const rows = unwrap(
    await client
      .from("whatsapp_sessions")
      .select("number_id")
      .eq("tenant_id", tenant_id)
      .eq("name", name),
  );
  return rows[0]?.number_id ?? null;
}

async function sendDue(
  client: ServiceClient,
  connection: SessionConnection,
  only_number: string,
): Promise<void> {
  while (connection.socket !== null) {
    const leased = unwrap(
      await client.rpc("whatsapp_lease_sends", {
        max_sends: SENDS_AT_ONCE,
        lease_id: randomUUID(),
        lease_seconds: LEASE_SECONDS,
        only_number,
      }),
    );
    const { sends } = leaseSchema.parse(leased);
    if (sends.length === 0) return;
    for (const send of sends) {
      const outcome = toOutcome(send, await connection.sendQueued(toQueued(send)));
      unwrap(await client.rpc("whatsapp_record_sends", { outcomes: [outcome] }));
    }
  }
}

function toQueued({ id, to, recipient, recipient_type, content }: LeasedSend) {
  return recipient_type === "group"
    ? { id, to: null, group_id: to ?? null, content }
    : { id, to: to ?? null, recipient: recipient ?? null, content };
}

/** What whatsapp_record_sends takes. */
function toOutcome({ id, lease_id }: LeasedSend, outcome: SendOutcome) {
  if (outcome.status === "accepted") {
    return { id, lease_id, action: "accepted", wamid: outcome.wamid };
  }
  const { code, message } = outcome.error;
  // Nothing has left: it keeps its place in the queue.
  if (code === "not_connected") return { id, lease_id, action: "release" };
  const error = { code, title: message, message, details: null };
  return { id, lease_id, action: outcome.status === "failed" ? "never" : "unknown", error };
}

/** Never what a database or a socket says: it may quote what it refused. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown error";
}
