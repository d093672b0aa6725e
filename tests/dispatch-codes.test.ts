import { sendPolicies } from "@wabase/cloud-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillQueue, startDispatcher, stopCron } from "./support/dispatchers.ts";
import { type OwnWorkbench, startOwnWorkbench } from "./support/own-workbench.ts";

let own: OwnWorkbench;
beforeAll(async () => {
  own = await startOwnWorkbench("dispatch-codes");
  await stopCron(own.sql);
}, 240_000);
afterAll(() => own.stop());

/** What the message is afterwards, and what stands still, by what the policy says. */
const EXPECTED = {
  retry: { status: "queued", paused: null },
  retry_recipient: { status: "queued", paused: null },
  retry_number: { status: "queued", paused: null },
  pause_number: { status: "queued", paused: "number" },
  pause_template: { status: "queued", paused: "template" },
  never: { status: "failed", paused: null },
  unknown: { status: "unknown", paused: null },
} as const;

/** Codes that Meta never answers a request with: they come in webhooks. */
const WEBHOOK_ONLY = new Set([131035, 131036]);

test("every code of Meta's table leads to the state that the table says, and none to a second call", async () => {
  const policies = sendPolicies.filter(({ code }) => !WEBHOOK_ONLY.has(code));
  const cases = [];
  for (const [index, { code, action }] of policies.entries()) {
    const phone_number_id = `220000000${String(index).padStart(2, "0")}`;
    own.bench.emulator.addNumber({
      phone_number_id,
      display_phone_number: "+1 555 010 9999",
      waba_id: "102290129340398",
      verified_name: "Demo Bakery",
    });
    own.bench.emulator.addFaults({ code, phone_number_id, times: null });
    const { message_ids } = await fillQueue(own.sql, {
      phone_number_id,
      sends_per_second: 80,
      conversations: 1,
      messages: 1,
    });
    cases.push({ code, action, id: message_ids[0]?.[0] ?? "" });
  }
  const dispatcher = await startDispatcher(own);
  await dispatcher.run();
  await dispatcher.stop();

  const rows = await own.sql<
    { id: string; status: string; code: string | null; paused: string | null }[]
  >`
    select message.id, message.status, message.error ->> 'code' as code,
      case when pause.id is null then null when pause.template_name is null then 'number' else 'template' end as paused
    from public.whatsapp_messages as message
    left join public.whatsapp_pauses as pause on pause.number_id = message.number_id
    where message.direction = 'outbound'`;
  for (const { code, action, id } of cases) {
    const row = rows.find((each) => each.id === id);
    expect({ code, action, ...row }).toEqual({
      code: String(code),
      action,
      id,
      ...EXPECTED[action],
    });
  }
  expect(own.bench.emulator.accepted()).toEqual([]);
}, 240_000);
