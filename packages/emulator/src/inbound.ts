import { z } from "zod";
import type { Core } from "./core.ts";
import { EmulatorError } from "./emulator-error.ts";
import { phoneDigits } from "./phone.ts";
import { isMediaKind } from "./store/media-limits.ts";
import { type Chat, SERVICE_WINDOW_MS } from "./store/store.ts";
import type { ChatMessage, Customer, Group } from "./store/types.ts";
import type { BusinessNumber } from "./options.ts";
import { type WireObject, webhookBody } from "./wire/envelope.ts";
import { createWamid } from "./wire/ids.ts";
import { inboundValue } from "./wire/inbound.ts";
import { inboundMedia } from "./inbound-media.ts";

/** A message as the customer's phone hands it over; keys beside these travel as they are. */
const customerMessageSchema = z.looseObject({
  /** The business number written to; default: the first. */
  phone_number_id: z.string().optional(),
  /** The group written to; default: none, to the number itself. */
  group_id: z.string().optional(),
  type: z.string().min(1).default("text"),
  /** The message answered, as `id` (or `message_id`, as when sending). */
  context: z
    .looseObject({ id: z.string().optional(), message_id: z.string().optional() })
    .optional(),
});

/** A message from a customer; see the fields. */
export type CustomerMessageInput = z.input<typeof customerMessageSchema>;

/** Lets a customer write: opens the service window, records the message, queues its webhook. */
export function sendFromCustomer(core: Core, customer: Customer, input: unknown): ChatMessage {
  const { phone_number_id, group_id, type, context, ...given } = customerMessageSchema.parse(input);
  const group = group_id === undefined ? null : resolveGroup(core, group_id, customer);
  const number = core.resolveNumber(group?.phone_number_id ?? phone_number_id);
  const fields = wireFields(core, number, { type, given });
  const time_ms = core.now();
  // The id holds the other party; where the phone is hidden it must not leak through it.
  const id = createWamid(customer.share_phone ? customer.phone : customer.user_id, "inbound");
  const context_id = context?.id ?? context?.message_id ?? null;
  const message: ChatMessage = {
    id,
    phone_number_id: number.phone_number_id,
    phone: customer.phone,
    group_id: group?.id ?? null,
    author: "customer",
    type,
    content: fields[type],
    view: null,
    context_id,
    status: "sent",
    times: { sent: time_ms },
    error: null,
  };
  // A message of any member opens the window of the whole group.
  const chat = core.store.chat(number.phone_number_id, group?.id ?? customer.phone);
  core.store.putChat(openWindow(chat, time_ms));
  core.limits.inbound(number);
  core.putMessage(message);
  const value = inboundValue({
    number,
    customer,
    id,
    time_ms,
    type,
    fields: group ? { group_id: group.id, ...fields } : fields,
    context: context ? wireContext(core, { number, customer }, context) : null,
  });
  core.sender.enqueue(webhookBody(number.waba_id, value), () => core.reach(id, "delivered"));
  return message;
}

function resolveGroup(core: Core, id: string, { phone }: Customer): Group {
  const group = core.store.findGroup(id);
  if (group?.participants.includes(phone)) return group;
  throw new EmulatorError("not_found", `${phone} is in no group ${id}`);
}

function openWindow(chat: Chat, time_ms: number): Chat {
  return { ...chat, window_until: time_ms + SERVICE_WINDOW_MS };
}

function wireFields(
  core: Core,
  number: BusinessNumber,
  { type, given }: { type: string; given: WireObject },
): WireObject {
  // The emulator alone says who wrote, when, and under which id.
  const { from: _from, from_user_id: _user, id: _id, timestamp: _time, ...fields } = given;
  if (type === "text") {
    const text = z.looseObject({ body: z.string().min(1) }).safeParse(fields["text"]);
    if (!text.success) throw new EmulatorError("invalid_input", "text.body must not be empty");
  }
  if (!isMediaKind(type)) return fields;
  return { ...fields, [type]: inboundMedia(core, number, { kind: type, given: fields[type] }) };
}

/** Whom the answered message was from, and its id. */
function wireContext(
  core: Core,
  { number, customer }: { number: BusinessNumber; customer: Customer },
  { id, message_id, ...rest }: { id?: string | undefined; message_id?: string | undefined },
): WireObject {
  const quoted_id = id ?? message_id;
  if (quoted_id === undefined) return rest;
  const is_own = core.store.findMessage(quoted_id)?.author === "customer";
  if (is_own && !customer.share_phone) return { id: quoted_id, ...rest };
  const from = is_own ? customer.phone : phoneDigits(number.display_phone_number);
  return { from, id: quoted_id, ...rest };
}
