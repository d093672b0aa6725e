import type { BusinessNumber } from "../options.ts";
import type { Customer } from "../store/types.ts";
import { type WireObject, messagesValue, wireContact, wireTime } from "./envelope.ts";

/** An error as webhooks carry it; Graph answers have another shape. */
export interface WebhookError {
  code: number;
  title: string;
  details: string;
}

/** What a status of a sent message consists of on the wire. */
export interface StatusUpdate {
  number: BusinessNumber;
  /** `null`: the number has no WhatsApp. */
  customer: Customer | null;
  /** Of a group: whose status this is. */
  participant: Customer | null;
  id: string;
  status: "sent" | "delivered" | "read" | "played" | "failed";
  time_ms: number;
  /** What the business addressed; it learns no more than that. */
  sent_to: { phone: string } | { user_id: string } | { group_id: string };
  /** As `pricing` names it. */
  category: string;
  biz_opaque_callback_data: string | null;
  error: WebhookError | null;
}

/** The value of the change that brings statuses of one message: one, or one per participant of a group. */
export function statusValue(updates: readonly StatusUpdate[]): WireObject {
  const [first] = updates;
  if (!first) return {};
  const contacts = updates.flatMap(contactOf);
  return {
    ...messagesValue(first.number),
    ...(contacts.length > 0 && { contacts }),
    statuses: updates.map(wireStatus),
  };
}

/** The business learns no phone that it did not write to, unless its owner shares it. */
function isPhoneKnown({ sent_to, customer }: StatusUpdate): boolean {
  return "phone" in sent_to || customer?.share_phone === true;
}

/** A failed status comes without contacts, and no `sent` status has the username. */
function contactOf(update: StatusUpdate): WireObject[] {
  const { customer, participant, status } = update;
  if (status === "failed") return [];
  if (participant) {
    return [wireContact(participant, { phone: participant.share_phone, username: true })];
  }
  if (!customer) return [];
  return [wireContact(customer, { phone: isPhoneKnown(update), username: status !== "sent" })];
}

function wireStatus(update: StatusUpdate): WireObject {
  const { status, biz_opaque_callback_data, error } = update;
  return {
    id: update.id,
    status,
    timestamp: wireTime(update.time_ms),
    ...recipient(update),
    ...(biz_opaque_callback_data !== null && { biz_opaque_callback_data }),
    ...((status === "sent" || status === "delivered") && { pricing: pricing(update) }),
    ...(error && { errors: [wireError(error)] }),
  };
}

function recipient(update: StatusUpdate): WireObject {
  const { customer, participant, sent_to, status } = update;
  if ("group_id" in sent_to) {
    return {
      recipient_id: sent_to.group_id,
      recipient_type: "group",
      ...(participant?.share_phone && { recipient_participant_id: participant.phone }),
      ...(participant && { recipient_participant_user_id: participant.user_id }),
    };
  }
  if (status === "failed") {
    return "phone" in sent_to
      ? { recipient_id: sent_to.phone }
      : { recipient_user_id: sent_to.user_id };
  }
  return {
    ...(isPhoneKnown(update) && customer && { recipient_id: customer.phone }),
    ...(customer && { recipient_user_id: customer.user_id }),
  };
}

/**
 * Since 2026-10-01 free-form messages are charged like templates. Meta has not shown a payload of such a message;
 * `regular` is what its other charged messages carry. No `conversation`: webhooks of v24.0 and later leave it out.
 */
function pricing({ category: given, sent_to }: StatusUpdate): WireObject {
  const category = "group_id" in sent_to ? `group_${given}` : given;
  return { billable: true, pricing_model: "PMP", type: "regular", category };
}

function wireError({ code, title, details }: WebhookError): WireObject {
  return {
    code,
    title,
    message: title,
    error_data: { details },
    href: "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
  };
}
