import type { Core } from "./core.ts";
import { type SendRequest, recipientName } from "./graph/send-request.ts";
import { createJourney } from "./journey.ts";
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
import { createWamid } from "./wire/ids.ts";

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

/** A message on its way. */
export type Outgoing = Acceptance & { id: string; status: MessageStatus; read_by: Set<string> };

/** Creates the way out. */
export function createOutbound(core: Core): Outbound {
  const journey = createJourney(core);
  const outgoing_by_id = new Map<string, Outgoing>();
  let held: Outgoing[] = [];
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
      .filter(({ id }) => {
        const outgoing = outgoing_by_id.get(id);
        return outgoing !== undefined && isUnreadBy(outgoing, customer);
      });
  return {
    accept(acceptance) {
      const id = createWamid(recipientName(acceptance.request.to), "outbound");
      const outgoing: Outgoing = { ...acceptance, id, status: "accepted", read_by: new Set() };
      remember(outgoing);
      record(core, outgoing);
      if (outgoing.message_status === "accepted") {
        core.timers.after(core.settings.current.delays.sent_ms, () => journey.send(outgoing));
      } else held.push(outgoing);
      return id;
    },
    readByCustomer(customer, phone_number_id) {
      const unread = unreadOf(customer, phone_number_id);
      for (const { id } of unread) {
        const outgoing = outgoing_by_id.get(id);
        if (!outgoing) continue;
        outgoing.read_by.add(customer.phone);
        if (outgoing.addressee.group) journey.readInGroup(outgoing, customer.phone);
        else journey.report(outgoing, "read");
      }
      return unread;
    },
    playByCustomer(id) {
      const outgoing = outgoing_by_id.get(id);
      if (!outgoing || outgoing.request.type !== "audio") return false;
      journey.report(outgoing, "played");
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
      for (const one of released) {
        if (outcome === "drop") one.fail_code = code;
        journey.send(one);
      }
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

/** In a group each reads for themselves. */
function isUnreadBy({ addressee, status, read_by }: Outgoing, customer: Customer): boolean {
  if (!addressee.group) return status === "delivered";
  return (status === "delivered" || status === "read") && !read_by.has(customer.phone);
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
