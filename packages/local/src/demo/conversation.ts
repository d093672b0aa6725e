import { FunctionsHttpError } from "@supabase/supabase-js";
import { setTimeout as sleep } from "node:timers/promises";
import { DEMO_CUSTOMERS, DEMO_NUMBER, DEMO_STRANGER } from "./people.ts";
import { publicClient, signIn } from "./seed.ts";
import type { Workbench } from "./workbench.ts";

/** How long each step may take before it counts as failed. */
const STEP_TERM_MS = 15_000;

/** A step of the conversation did not come about. */
export class StepFailed extends Error {
  override readonly name = "StepFailed";
  readonly step: string;

  constructor(step: string, problem: string) {
    super(`${step}: ${problem}`);
    this.step = step;
  }
}

type Print = (line: string) => void;
type Bench = Pick<Workbench, "stack" | "emulator">;

/**
 * Plays one conversation through the real parts: the customer writes, the agent reads it with supabase-js
 * under RLS, a stranger reads nothing, the agent answers through the function, and the statuses come back.
 *
 * @throws StepFailed naming the first step that did not come about
 */
export async function playConversation(bench: Bench, print: Print): Promise<void> {
  const { emulator, stack } = bench;
  const [customer] = DEMO_CUSTOMERS;
  const question = "Hello! Do you have sourdough today? 🥖";
  const answer = "Good morning! Yes, fresh from the oven until noon.";

  const { id: wamid } = emulator.sendFromCustomer(customer.phone, { text: { body: question } });
  print(`${customer.name} → ${DEMO_NUMBER.verified_name}   ${question}`);

  const agent = await signIn(stack, "agent@demo.test");
  const inbound = await until("agent reads the message under RLS", async () => {
    const { data, error } = await agent
      .from("whatsapp_messages")
      .select("id, body, conversation_id")
      .eq("wamid", wamid)
      .maybeSingle();
    if (error) throw new Error(error.message);
    return data;
  });
  check("agent reads the message under RLS", inbound.body === question, "the text is another");
  print(`                             the agent reads it with supabase-js: row ${inbound.id}`);

  await expectNothing(bench);
  print("                             a stranger and an anonymous visitor read nothing");

  await invoke(agent, { status: "read", message_id: inbound.id });
  await until("the customer sees blue ticks", async () => seenBy(bench, wamid) === "read" || null);
  print("                             marked as read: the customer sees blue ticks");

  const sent = await invoke(agent, {
    conversation_id: inbound.conversation_id,
    type: "text",
    text: { body: answer },
    context: { message_id: wamid },
    idempotency_key: `demo-${wamid}`,
  });
  print(`${DEMO_NUMBER.verified_name} → ${customer.name}   ${answer}`);
  await until("the answer reaches the phone", async () => {
    return emulator.accepted().some((entry) => entry.biz_opaque_callback_data === sent) || null;
  });
  await followTicks(bench, agent, { message_id: sent, print });
}

/** Nothing for who is no member, whether signed in or not. */
async function expectNothing({ stack }: Bench): Promise<void> {
  const step = "a stranger reads nothing";
  const stranger = await signIn(stack, DEMO_STRANGER);
  const seen = await stranger.from("whatsapp_messages").select("id");
  check(step, seen.error === null && seen.data.length === 0, "a stranger sees messages");
  const anonymous = await publicClient(stack).from("whatsapp_messages").select("id");
  check(step, anonymous.error?.code === "42501", "anon is not refused with 42501");
}

type AgentClient = Awaited<ReturnType<typeof signIn>>;

/** Calls whatsapp-send as the agent; answers the id of the message. */
async function invoke(agent: AgentClient, body: object): Promise<string> {
  const { data, error } = await agent.functions.invoke<{ id?: string; message_id?: string }>(
    "whatsapp-send",
    { body },
  );
  if (error) {
    const reason: unknown =
      error instanceof FunctionsHttpError ? await error.context.text() : error;
    throw new StepFailed("the agent calls whatsapp-send", String(reason));
  }
  return data?.id ?? data?.message_id ?? "";
}

async function followTicks(
  { emulator }: Bench,
  agent: AgentClient,
  { message_id, print }: { message_id: string; print: Print },
): Promise<void> {
  const [customer] = DEMO_CUSTOMERS;
  const row = async () => {
    const columns = "status, accepted_at, sent_at, delivered_at, read_at";
    return await agent.from("whatsapp_messages").select(columns).eq("id", message_id).single();
  };
  await until("the row ends delivered", async () => {
    return (await row()).data?.status === "delivered" || null;
  });
  emulator.readAsCustomer(customer.phone);
  const last = await until("the row ends read", async () => {
    const { data } = await row();
    return data?.status === "read" ? data : null;
  });
  for (const state of ["accepted", "sent", "delivered", "read"] as const) {
    print(`                             ${state.padEnd(10)} ${last[`${state}_at`] ?? "—"}`);
  }
}

function seenBy({ emulator }: Bench, wamid: string): string | undefined {
  const [customer] = DEMO_CUSTOMERS;
  return emulator.customerMessages(customer.phone).find(({ id }) => id === wamid)?.status;
}

async function until<Value>(step: string, look: () => Promise<Value | null>): Promise<Value> {
  const deadline = Date.now() + STEP_TERM_MS;
  while (Date.now() < deadline) {
    const value = await look();
    if (value !== null) return value;
    await sleep(50);
  }
  throw new StepFailed(step, `did not come about within ${STEP_TERM_MS / 1000} s`);
}

function check(step: string, holds: boolean, problem: string): void {
  if (!holds) throw new StepFailed(step, problem);
}
