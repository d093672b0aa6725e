import { type Core, RANK } from "./core.ts";
import { webhookError } from "./graph/errors.ts";
import type { Outgoing } from "./outbound.ts";
import type { MessageStatus } from "./store/types.ts";
import type { Template } from "./templates/template.ts";
import { webhookBody } from "./wire/envelope.ts";
import { type StatusUpdate, statusValue } from "./wire/status.ts";

/** A status that tells of progress. */
export type Reported = Exclude<MessageStatus, "accepted" | "failed">;

/** A message's way from Meta to the customer, status by status. */
export interface Journey {
  /** Sends it now, or lets it fail; delivered and read follow after the delays that hold at each step. */
  send(outgoing: Outgoing): void;
  /** Reports a status, unless it or a later one was reported before. */
  report(outgoing: Outgoing, status: Reported): void;
  /** One of a group reads; the message counts as read with the first. */
  readInGroup(outgoing: Outgoing, phone: string): void;
}

/** Creates the way that all messages go. */
export function createJourney(core: Core): Journey {
  const delays = () => core.settings.current.delays;
  const report = (outgoing: Outgoing, status: Reported) => {
    if (RANK[status] <= RANK[outgoing.status]) return;
    outgoing.status = status;
    core.reach(outgoing.id, status);
    enqueueStatuses(core, outgoing, { status, readers: outgoing.addressee.group?.participants });
  };
  const deliver = (outgoing: Outgoing) => {
    report(outgoing, "delivered");
    const { read_ms } = delays();
    if (read_ms !== null) core.timers.after(read_ms, () => report(outgoing, "read"));
  };
  return {
    report,
    send(outgoing) {
      if (outgoing.is_silent) return;
      if (outgoing.fail_code !== null) {
        fail(core, outgoing, outgoing.fail_code);
        return;
      }
      report(outgoing, "sent");
      core.timers.after(delays().delivered_ms, () => deliver(outgoing));
    },
    readInGroup(outgoing, phone) {
      outgoing.status = "read";
      core.reach(outgoing.id, "read");
      enqueueStatuses(core, outgoing, { status: "read", readers: [phone] });
    },
  };
}

function fail(core: Core, outgoing: Outgoing, code: number): void {
  const error = webhookError(code);
  outgoing.status = "failed";
  core.reach(outgoing.id, "failed", { code, title: error.title });
  enqueue(core, outgoing, [statusUpdate(core, outgoing, { status: "failed", error })]);
}

/** To a group: one status per participant in one webhook, but for `sent`, which is the message's own. */
function enqueueStatuses(
  core: Core,
  outgoing: Outgoing,
  { status, readers = [] }: { status: Reported; readers?: readonly string[] | undefined },
): void {
  const update = statusUpdate(core, outgoing, { status, error: null });
  const is_own = !outgoing.addressee.group || status === "sent";
  const participants = readers.map((phone) => core.resolveCustomer(phone));
  const updates = participants.map((participant) => ({ ...update, participant }));
  enqueue(core, outgoing, is_own ? [update] : updates);
}

function statusUpdate(
  core: Core,
  { id, number, addressee, request, endpoint, template }: Outgoing,
  change: Pick<StatusUpdate, "status" | "error">,
): StatusUpdate {
  return {
    ...change,
    id,
    number,
    customer: addressee.customer,
    participant: null,
    time_ms: core.now(),
    sent_to: request.to,
    category: categoryOf(endpoint, template),
    biz_opaque_callback_data: request.biz_opaque_callback_data,
  };
}

function categoryOf(endpoint: Outgoing["endpoint"], template: Template | null) {
  if (endpoint === "marketing_messages") return "marketing_lite";
  return template ? template.category.toLowerCase() : "service";
}

function enqueue(core: Core, { number }: Outgoing, updates: readonly StatusUpdate[]): void {
  if (!core.settings.current.statuses) return;
  core.sender.enqueue(webhookBody(number.waba_id, statusValue(updates)));
}
