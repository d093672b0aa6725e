import type postgres from "postgres";
import { startFunctionProcess } from "./function-process.ts";
import type { OwnWorkbench } from "./own-workbench.ts";

/** whatsapp-dispatch in a process of its own, beside the one of the stack. */
export interface Dispatcher {
  /** One run; resolves with its report when it has ended, null when its process was killed. */
  run(): Promise<{ outcomes: Record<string, number>; ended: string } | null>;
  /** As kill -9 does. */
  kill(): void;
  stop(): Promise<void>;
}

export async function startDispatcher(own: Pick<OwnWorkbench, "bench">): Promise<Dispatcher> {
  const dispatcher = await startFunctionProcess(own, "whatsapp-dispatch");
  return {
    async run() {
      const response = await dispatcher.call({ wait: true });
      return response?.ok === true ? await response.json() : null;
    },
    kill: () => dispatcher.kill(),
    stop: () => dispatcher.stop(),
  };
}

/** From here on nothing is sent but by the dispatchers that the test starts. */
export async function stopCron(sql: postgres.Sql): Promise<void> {
  await sql`update cron.job set active = false where jobname = 'wabase-dispatch'`;
}

export interface Queue {
  phone_number_id: string;
  number_id: string;
  /** Of each conversation, the messages in the order in which they were queued. */
  message_ids: string[][];
}

export interface QueueOptions {
  phone_number_id: string;
  sends_per_second: number;
  conversations: number;
  /** For each of them. */
  messages: number;
}

/** A number of the demo's tenant with conversations, and a queue of templates in each, which need no open window. */
export async function fillQueue(sql: postgres.Sql, options: QueueOptions): Promise<Queue> {
  const { phone_number_id, sends_per_second, conversations, messages } = options;
  return await sql.begin(async (transaction) => {
    await transaction`select set_config('request.jwt.claims', '{"role": "service_role"}', true)`;
    const [number] = await transaction<{ id: string }[]>`
      insert into public.whatsapp_numbers (tenant_id, phone_number_id, waba_id, display_phone_number, sends_per_second)
      select id, ${phone_number_id}, '102290129340398', '+1 555 010 9999', ${sends_per_second}
      from public.whatsapp_tenants limit 1
      on conflict (phone_number_id) do update set sends_per_second = excluded.sends_per_second
      returning id`;
    const rows = await transaction<{ conversation: number; id: string }[]>`
      select conversation, whatsapp_enqueue_message(jsonb_build_object(
        'phone_number_id', ${phone_number_id}::text,
        'to', '4930' || right(${phone_number_id}, 4) || lpad(conversation::text, 5, '0'),
        'content', '{"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}}'::jsonb
      )) ->> 'id' as id
      from generate_series(1, ${messages}) as turn, generate_series(1, ${conversations}) as conversation
      order by turn, conversation`;
    const message_ids = Array.from({ length: conversations }, (): string[] => []);
    for (const { conversation, id } of rows) message_ids[conversation - 1]?.push(id);
    return { phone_number_id, number_id: number?.id ?? "", message_ids };
  });
}
