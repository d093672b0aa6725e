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
  id: string;
  status: "sent" | "delivered" | "read" | "failed";
  time_ms: number;
  /** What the business addressed; it learns no more than that. */
  sent_to: { phone: string } | { user_id: string };
  category: "service" | "utility";
  biz_opaque_callback_data: string | null;
  error: WebhookError | null;
}

/** The value of the change that brings a status. */
export function statusValue(update: StatusUpdate): WireObject {
  const { customer, status } = update;
  const phone_known = "phone" in update.sent_to || customer?.share_phone === true;
  return {
    ...messagesValue(update.number),
    // A failed status comes without contacts, and no `sent` status has the username.
    ...(customer &&
      status !== "failed" && {
        contacts: [wireContact(customer, { phone: phone_known, username: status !== "sent" })],
      }),
    statuses: [
      {
        id: update.id,
        status,
        timestamp: wireTime(update.time_ms),
        ...recipient(update, phone_known),
        ...(update.biz_opaque_callback_data !== null && {
          biz_opaque_callback_data: update.biz_opaque_callback_data,
        }),
        ...((status === "sent" || status === "delivered") && { pricing: pricing(update.category) }),
        ...(update.error && { errors: [wireError(update.error)] }),
      },
    ],
  };
}

function recipient({ customer, sent_to, status }: StatusUpdate, phone_known: boolean): WireObject {
  if (status === "failed") {
    return "phone" in sent_to
      ? { recipient_id: sent_to.phone }
      : { recipient_user_id: sent_to.user_id };
  }
  return {
    ...(phone_known && customer && { recipient_id: customer.phone }),
    ...(customer && { recipient_user_id: customer.user_id }),
  };
}

/**
 * Since 2026-10-01 free-form messages are charged like templates. Meta has not shown a payload of such a message;
 * `regular` is what its other charged messages carry. No `conversation`: webhooks of v24.0 and later leave it out.
 */
function pricing(category: StatusUpdate["category"]): WireObject {
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
