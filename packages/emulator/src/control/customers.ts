import { randomBytes } from "node:crypto";
import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import { sendFromCustomer } from "../inbound.ts";
import type { Chat } from "../store/store.ts";
import type { ChatMessage, Customer, Group } from "../store/types.ts";
import { loose } from "../view/loose.ts";
import { type Choice, choicesOf } from "../view/message-view.ts";
import { messagesValue, webhookBody } from "../wire/envelope.ts";
import { deriveBsuid } from "../wire/ids.ts";
import { customerSchema, groupSchema, preferencesSchema, pressSchema } from "./inputs.ts";

/** Adds a customer, or changes the one with this phone. */
export function addCustomer({ store, events }: Core, input: unknown): Customer {
  const { bsuid, username, ...rest } = customerSchema.parse(input);
  const user_id = bsuid ?? store.findCustomer(rest.phone)?.user_id ?? deriveBsuid(rest.phone);
  const holder = store.findCustomer(user_id);
  if (holder && holder.phone !== rest.phone) {
    throw new EmulatorError("user_id_taken", `${user_id} belongs to another customer`);
  }
  const customer = { ...rest, user_id, username: username ?? null };
  store.putCustomer(customer);
  events.emit("customer", customer);
  return customer;
}

/** A group of customers and one number, with an id of Meta's look. */
export function addGroup(core: Core, input: unknown): Group {
  const { subject, participants, phone_number_id } = groupSchema.parse(input);
  const number = core.resolveNumber(phone_number_id);
  const group = {
    id: `HBg${randomBytes(24).toString("base64url")}`,
    phone_number_id: number.phone_number_id,
    subject,
    participants: participants.map((key) => core.resolveCustomer(key).phone),
  };
  core.store.putGroup(group);
  core.events.emit("group", group);
  return group;
}

/** The customer presses what a message offers. Throws `choice_not_found` with what there is. */
export function press(core: Core, customer: Customer, input: unknown): ChatMessage {
  const { message_id, choice, reply = {} } = pressSchema.parse(input);
  const message = core.store.findMessage(message_id);
  const choices = message?.view ? choicesOf(message.view) : [];
  const pressed = findChoice(choices, choice);
  if (!message || !pressed?.reply) {
    const labels = choices.filter((one) => one.reply).map(({ label }) => `"${label}"`);
    throw new EmulatorError(
      "choice_not_found",
      `${message_id} offers ${labels.join(", ") || "nothing to press"}`,
    );
  }
  return sendFromCustomer(core, customer, {
    phone_number_id: message.phone_number_id,
    ...(message.group_id !== null && { group_id: message.group_id }),
    ...withReply(pressed.reply, reply),
    context: { id: message_id },
  });
}

function findChoice(choices: readonly Choice[], wanted: string | number): Choice | undefined {
  if (typeof wanted === "number") return choices.filter((one) => one.reply)[wanted];
  return choices.find(({ id, label }) => label === wanted || id === wanted);
}

/** Flows and addresses answer in a JSON text, all others in the content itself. */
function withReply(reply: object, given: { [key: string]: unknown }): object {
  if (Object.keys(given).length === 0) return reply;
  const type = loose(reply).text("type") ?? "";
  const content = loose(reply).at(type);
  if (Array.isArray(content.value)) return reply;
  const nfm = content.at("nfm_reply");
  const json = nfm.text("response_json");
  if (json === null) return { ...reply, [type]: { ...asObject(content.value), ...given } };
  const response_json = JSON.stringify({ ...asObject(JSON.parse(json)), ...given });
  const nfm_reply = { ...asObject(nfm.value), response_json };
  return { ...reply, [type]: { ...asObject(content.value), nfm_reply } };
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** The customer stops or resumes marketing; Meta tells the business. */
export function setPreferences(core: Core, customer: Customer, input: unknown): Chat {
  const { marketing, phone_number_id } = preferencesSchema.parse(input);
  const number = core.resolveNumber(phone_number_id);
  const chat = {
    ...core.store.chat(number.phone_number_id, customer.phone),
    marketing_stopped: marketing === "stop",
  };
  core.store.putChat(chat);
  const who = {
    ...(customer.share_phone && { wa_id: customer.phone }),
    user_id: customer.user_id,
  };
  const value = {
    ...messagesValue(number),
    contacts: [{ profile: { name: customer.name }, ...who }],
    user_preferences: [
      {
        ...who,
        detail: `User requested to ${marketing} marketing messages`,
        category: "marketing_messages",
        value: marketing,
        timestamp: Math.floor(core.now() / 1000),
      },
    ],
  };
  core.sender.enqueue(webhookBody(number.waba_id, value, { field: "user_preferences" }));
  return chat;
}
