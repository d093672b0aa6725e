import { DatabaseError, type Json, unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../clients.ts";
import { createGroupCommit } from "../group-commit.ts";
import { type MessageState, messageStateSchema } from "../message-state.ts";

const leasedSendSchema = z.object({
  id: z.string(),
  lease_id: z.string(),
  attempt: z.number(),
  phone_number_id: z.string(),
  to: z.string().optional(),
  recipient: z.string().optional(),
  recipient_type: z.literal("group").optional(),
  /** The message as it goes to Meta, without whom it goes to. */
  content: z.object({ type: z.string() }).catchall(z.json()),
});

/** A message that this sender alone may send, until the lease expires. */
export type LeasedSend = z.infer<typeof leasedSendSchema>;

const leaseSchema = z.object({
  sends: z.array(leasedSendSchema),
  /** When to ask again; null: nothing waits. */
  next_ms: z.number().nullable(),
});

export type Lease = z.infer<typeof leaseSchema>;

/** What became of a leased message: see whatsapp_record_sends. */
export type Outcome = { id: string; lease_id: string } & (
  | { action: "accepted"; wamid: string; message_status: string | null }
  | { action: "never" | "unknown"; error: Json }
  | { action: "retry" | "retry_recipient" | "retry_number"; delay_ms: number; error: Json }
  | {
      action: "pause_number" | "pause_template";
      reason: string;
      resume_after_ms: number | null;
      error: Json;
    }
  | { action: "release" }
);

export interface LeaseRequest {
  max_sends: number;
  /** Which dispatcher asks, so that no more are started than are needed. */
  run_id?: string;
  only_conversation?: string;
}

/** An outcome, and when the call reached Meta at the latest, on the clock of performance.now(). */
export interface Answer {
  outcome: Outcome;
  settled_at: number;
}

/** The database, as a sender sees it. */
export interface Outbox {
  lease(request: LeaseRequest): Promise<Lease>;
  /** Resolves when it is committed; what comes while a call is under way goes together in the next. */
  record(answer: Answer): Promise<MessageState>;
}

/** Outcomes in one call. */
const MAX_OUTCOMES = 500;
/** A lease is for 60 seconds: an outcome that cannot be recorded by then is not worth more tries. */
const RECORD_TERM_MS = 60_000;
/** A lease whose answer was lost holds messages that nobody would send. */
const LEASE_TERM_MS = 20_000;

export interface OutboxOptions {
  /** At least so long from one recording to the next; see createGroupCommit. */
  record_interval_ms?: number;
}

export function createOutbox(client: Client, options: OutboxOptions = {}): Outbox {
  const recordAll = async (answers: Answer[]): Promise<MessageState[]> => {
    const now = performance.now();
    const json: Json = answers.map(({ outcome, settled_at }) => ({
      ...outcome,
      settled_ms_ago: Math.max(0, Math.floor(now - settled_at)),
    }));
    const data = await untilAnswered(RECORD_TERM_MS, async () =>
      unwrap(await client.rpc("whatsapp_record_sends", { outcomes: json })),
    );
    const states = new Map(
      z
        .array(messageStateSchema)
        .parse(data)
        .map((state) => [state.id, state]),
    );
    return answers.map(({ outcome: { id } }) => states.get(id) ?? gone(id));
  };
  const record = createGroupCommit(recordAll, {
    max_size: MAX_OUTCOMES,
    sizeOf: () => 1,
    concernsAll: isUnanswered,
    interval_ms: options.record_interval_ms ?? 0,
  });
  return {
    record,
    lease: async (request) => {
      const lease_id = crypto.randomUUID();
      return await untilAnswered(LEASE_TERM_MS, async () =>
        leaseSchema.parse(
          unwrap(await client.rpc("whatsapp_lease_sends", { ...request, lease_id })),
        ),
      );
    },
  };
}

/** A message that was deleted while it was sent. */
function gone(id: string): MessageState {
  return { id, conversation_id: "", status: "deleted", wamid: null };
}

/** Repeats a call for as long as no answer comes, or the server has trouble of its own; both may be repeated. */
export async function untilAnswered<Result>(
  term_ms: number,
  call: () => Promise<Result>,
): Promise<Result> {
  const deadline = Date.now() + term_ms;
  for (let pause_ms = 100; ; pause_ms = Math.min(pause_ms * 2, 3_000)) {
    try {
      return await call();
    } catch (error) {
      if (!isUnanswered(error) || Date.now() + pause_ms > deadline) throw error;
    }
    await sleep(pause_ms);
  }
}

/** No answer, a rollback for another's sake (40), or trouble of the server's own (08, 53, 57, 58). */
function isUnanswered(error: unknown): boolean {
  return error instanceof DatabaseError && /^($|08|40|53|57|58|PGRST00)/.test(error.code);
}

export function sleep(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
