import type { Core } from "./core.ts";
import { webhookError } from "./graph/errors.ts";
import type { SendRequest } from "./graph/send-request.ts";
import type { BusinessNumber } from "./options.ts";
import type { ChatMessage, Customer } from "./store/types.ts";
import { webhookBody } from "./wire/envelope.ts";
import { createWamid } from "./wire/ids.ts";
import { type StatusUpdate, statusValue } from "./wire/status.ts";

/** A message that Graph takes. */
interface Acceptance {
  number: BusinessNumber;
  /** `null`: the number has no WhatsApp. */
  customer: Customer | null;
  request: SendRequest;
  /** The request as it came, for the ledger. */
  body: unknown;
  /** The code of the `failed` status that it ends in; `null`: it is delivered. */
  fail_code: number | null;
}

/** Messages on their way to customers. */
export interface Outbound {
  /** Writes the ledger, puts the message on its way and returns its id. */
  accept(acceptance: Acceptance): string;
  /** The customer reads what has been delivered; returns what was unread. */
  readByCustomer(customer: Customer, phone_number_id?: string): ChatMessage[];
}

type Outgoing = Acceptance & { id: string };

/** Creates the way out: accepted, then sent, delivered and read after the delays that hold at each step. */
export function createOutbound(core: Core): Outbound {
  const outgoing_by_id = new Map<string, Outgoing>();
  const delays = () => core.settings.view().delays;
  /** A status that was reached before is not reported again. */
  const report = (outgoing: Outgoing, status: "sent" | "delivered" | "read") => {
    if (core.reach(outgoing.id, status)) enqueueStatus(core, outgoing, { status, error: null });
  };
  const deliver = (outgoing: Outgoing) => {
    report(outgoing, "delivered");
    const { read_ms } = delays();
    if (read_ms !== null) core.timers.after(read_ms, () => report(outgoing, "read"));
  };
  const send = (outgoing: Outgoing) => {
    // A number without WhatsApp is accepted all the same, and reported afterwards.
    const code = outgoing.fail_code ?? (outgoing.customer ? null : 131026);
    if (code !== null) return fail(core, outgoing, code);
    report(outgoing, "sent");
    core.timers.after(delays().delivered_ms, () => deliver(outgoing));
  };
  return {
    accept(acceptance) {
      const { to } = acceptance.request;
      const id = createWamid("phone" in to ? to.phone : to.user_id, "outbound");
      const outgoing = { ...acceptance, id };
      outgoing_by_id.set(id, outgoing);
      record(core, outgoing);
      core.timers.after(delays().sent_ms, () => send(outgoing));
      return id;
    },
    readByCustomer(customer, phone_number_id) {
      const unread = core.store
        .messages(customer.phone, phone_number_id)
        .filter(({ author, status }) => author === "business" && status === "delivered");
      for (const { id } of unread) {
        const outgoing = outgoing_by_id.get(id);
        if (outgoing) report(outgoing, "read");
      }
      return unread;
    },
  };
}

function record(core: Core, { id, number, customer, request, body }: Outgoing): void {
  const { phone_number_id } = number;
  const accepted_at = core.now();
  core.addAccepted({
    id,
    phone_number_id,
    input: request.input,
    phone: customer?.phone ?? null,
    type: request.type,
    biz_opaque_callback_data: request.biz_opaque_callback_data,
    accepted_at,
    body,
  });
  if (!customer) return;
  // Meta ends the typing indicator with the next message.
  core.store.putChat({ ...core.store.chat(phone_number_id, customer.phone), typing_until: null });
  core.putMessage({
    id,
    phone_number_id,
    phone: customer.phone,
    author: "business",
    type: request.type,
    content: request.content,
    context_id: request.context_id,
    status: "accepted",
    times: { accepted: accepted_at },
    error: null,
  });
}

function fail(core: Core, outgoing: Outgoing, code: number): void {
  const error = webhookError(code);
  core.reach(outgoing.id, "failed", { code, title: error.title });
  enqueueStatus(core, outgoing, { status: "failed", error });
}

function enqueueStatus(
  core: Core,
  { id, number, customer, request }: Outgoing,
  change: Pick<StatusUpdate, "status" | "error">,
): void {
  const value = statusValue({
    ...change,
    id,
    number,
    customer,
    time_ms: core.now(),
    sent_to: request.to,
    category: request.type === "template" ? "utility" : "service",
    biz_opaque_callback_data: request.biz_opaque_callback_data,
  });
  core.sender.enqueue(webhookBody(number.waba_id, value));
}
