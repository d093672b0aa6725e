import { type Core, RANK } from "./core.ts";
import { webhookError } from "./graph/errors.ts";
import { type SendRequest, recipientName } from "./graph/send-request.ts";
import type { BusinessNumber } from "./options.ts";
import type {
  AcceptedAs,
  ChatMessage,
  Customer,
  Group,
  LedgerEntry,
  MessageStatus,
} from "./store/types.ts";
import type { Template } from "./templates/template.ts";
import type { MessageView } from "./view/message-view.ts";
import { webhookBody } from "./wire/envelope.ts";
import { createWamid } from "./wire/ids.ts";
import { type StatusUpdate, statusValue } from "./wire/status.ts";

/** Who gets a message: a customer, a group, or nobody known. */
export interface Addressee {
  customer: Customer | null;
  group: Group | null;
}

/** A message that Graph takes. */
interface Acceptance {
  number: BusinessNumber;
  addressee: Addressee;
  request: SendRequest;
  endpoint: LedgerEntry["endpoint"];
  template: Template | null;
  view: MessageView | null;
  /** The request as it came, for the ledger. */
  body: unknown;
  message_status: AcceptedAs;
  /** The code of the `failed` status that it ends in; `null`: it is delivered. */
  fail_code: number | null;
  /** No status is ever reported. */
  is_silent: boolean;
}

/** Which held messages, and what becomes of them. */
export interface Release {
  outcome: "send" | "drop";
  /** Of the `failed` status of what is dropped. */
  code: number;
  template?: string | undefined;
  phone_number_id?: string | undefined;
}

/** Messages on their way to customers. */
export interface Outbound {
  /** Writes the ledger, puts the message on its way and returns its id. */
  accept(acceptance: Acceptance): string;
  /** The customer reads what has been delivered; returns what was unread. */
  readByCustomer(customer: Customer, phone_number_id?: string): ChatMessage[];
  /** The customer plays a voice message; false where there is none of that id. */
  playByCustomer(id: string): boolean;
  /** Lets go what was held; returns how many. */
  release(release: Release): number;
}

type Outgoing = Acceptance & { id: string; status: MessageStatus; read_by: Set<string> };
type Reported = Exclude<MessageStatus, "accepted" | "failed">;

/** Creates the way out: accepted, then sent, delivered and read after the delays that hold at each step. */
export function createOutbound(core: Core): Outbound {
  const outgoing_by_id = new Map<string, Outgoing>();
  let held: Outgoing[] = [];
  const delays = () => core.settings.current.delays;
  /** A status that was reached before is not reported again. */
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
  const send = (outgoing: Outgoing) => {
    if (outgoing.is_silent) return;
    if (outgoing.fail_code !== null) {
      fail(core, outgoing, outgoing.fail_code);
      return;
    }
    report(outgoing, "sent");
    core.timers.after(delays().delivered_ms, () => deliver(outgoing));
  };
  const remember = (outgoing: Outgoing) => {
    outgoing_by_id.set(outgoing.id, outgoing);
    const { keep } = core.settings.current;
    if (keep === null || outgoing_by_id.size <= keep) return;
    for (const [oldest] of outgoing_by_id) {
      outgoing_by_id.delete(oldest);
      if (outgoing_by_id.size <= keep) return;
    }
  };
  const unreadOf = (customer: Customer, phone_number_id: string | undefined) =>
    [customer.phone, ...groupsOf(core, customer)]
      .flatMap((owner) => core.store.messages(owner, phone_number_id))
      .filter(({ id, author }) => {
        const outgoing = author === "business" ? outgoing_by_id.get(id) : undefined;
        if (!outgoing || RANK[outgoing.status] < RANK.delivered) return false;
        return outgoing.status !== "failed" && isUnreadBy(outgoing, customer);
      });
  return {
    accept(acceptance) {
      const id = createWamid(recipientName(acceptance.request.to), "outbound");
      const outgoing: Outgoing = { ...acceptance, id, status: "accepted", read_by: new Set() };
      remember(outgoing);
      record(core, outgoing);
      if (outgoing.message_status === "accepted") {
        core.timers.after(delays().sent_ms, () => send(outgoing));
      } else held.push(outgoing);
      return id;
    },
    readByCustomer(customer, phone_number_id) {
      const unread = unreadOf(customer, phone_number_id);
      for (const { id } of unread) {
        const outgoing = outgoing_by_id.get(id);
        if (outgoing) readBy(core, outgoing, { customer, report });
      }
      return unread;
    },
    playByCustomer(id) {
      const outgoing = outgoing_by_id.get(id);
      if (!outgoing || outgoing.request.type !== "audio") return false;
      report(outgoing, "played");
      return true;
    },
    release({ outcome, code, template, phone_number_id }) {
      const released = held.filter(
        (one) =>
          (template === undefined || one.template?.name === template) &&
          (phone_number_id === undefined || one.number.phone_number_id === phone_number_id),
      );
      const gone = new Set(released);
      held = held.filter((one) => !gone.has(one));
      for (const one of released) send(outcome === "send" ? one : { ...one, fail_code: code });
      return released.length;
    },
  };
}

function groupsOf({ store }: Core, { phone }: Customer): string[] {
  return store
    .groups()
    .filter(({ participants }) => participants.includes(phone))
    .map(({ id }) => id);
}

function isUnreadBy({ addressee, status, read_by }: Outgoing, customer: Customer): boolean {
  return addressee.group ? !read_by.has(customer.phone) : status === "delivered";
}

/** In a group each reads for themselves; the message counts as read with the first. */
function readBy(
  core: Core,
  outgoing: Outgoing,
  { customer, report }: { customer: Customer; report: (one: Outgoing, status: Reported) => void },
): void {
  outgoing.read_by.add(customer.phone);
  if (!outgoing.addressee.group) {
    report(outgoing, "read");
    return;
  }
  outgoing.status = "read";
  core.reach(outgoing.id, "read");
  enqueueStatuses(core, outgoing, { status: "read", readers: [customer.phone] });
}

function record(core: Core, outgoing: Outgoing): void {
  const { id, number, addressee, request, template, endpoint, message_status, body } = outgoing;
  const { phone_number_id } = number;
  const { customer, group } = addressee;
  const accepted_at = core.now();
  core.addAccepted({
    id,
    phone_number_id,
    endpoint,
    recipient_type: group ? "group" : "individual",
    input: request.input,
    phone: customer?.phone ?? null,
    type: request.type,
    template: template?.name ?? null,
    message_status,
    biz_opaque_callback_data: request.biz_opaque_callback_data,
    accepted_at,
    body,
  });
  const owner = customer?.phone ?? group?.id;
  if (owner === undefined) return;
  const chat = core.store.chat(phone_number_id, owner);
  // Meta ends the typing indicator with the next message.
  if (chat.typing_until !== null) core.store.putChat({ ...chat, typing_until: null });
  core.putMessage({
    id,
    phone_number_id,
    phone: owner,
    group_id: group?.id ?? null,
    author: "business",
    type: request.type,
    content: request.content,
    view: outgoing.view,
    context_id: request.context_id,
    status: "accepted",
    times: { accepted: accepted_at },
    error: null,
  });
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
