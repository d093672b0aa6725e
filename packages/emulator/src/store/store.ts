import type { BusinessNumber } from "../options.ts";
import { phoneDigits } from "../phone.ts";
import type { ChatMessage, Customer, Group } from "./types.ts";

/** How long a customer's message lets the business answer freely (Meta: "Customer service windows"). */
export const SERVICE_WINDOW_MS = 24 * 60 * 60 * 1000;

/** One customer's or group's chat with one business number. */
export interface Chat {
  phone_number_id: string;
  /** The customer's phone, or the group's id. */
  phone: string;
  /** Free-form messages are taken before this time; `null`: the customer has not written yet. */
  window_until: number | null;
  /** The business shows that it types, before this time. */
  typing_until: number | null;
  /** The customer wants no marketing from this number. */
  marketing_stopped: boolean;
}

/** Everything the emulator knows, in memory. Records are replaced, never changed in place. */
export interface Store {
  numbers(): readonly BusinessNumber[];
  findNumber(phone_number_id: string): BusinessNumber | undefined;
  /** Adds a number, or takes the place of the one with this id. */
  putNumber(number: BusinessNumber): void;
  customers(): Customer[];
  /** By phone, with or without `+`, or by business-scoped user id. */
  findCustomer(key: string): Customer | undefined;
  putCustomer(customer: Customer): void;
  groups(): Group[];
  findGroup(id: string): Group | undefined;
  putGroup(group: Group): void;
  chats(): Chat[];
  /** The chat of the two; one that nobody wrote in yet is empty. */
  chat(phone_number_id: string, phone: string): Chat;
  putChat(chat: Chat): void;
  findMessage(id: string): ChatMessage | undefined;
  putMessage(message: ChatMessage): void;
  /** By the customer's phone or the group's id, oldest first; with a number, those of that chat only. */
  messages(phone: string, phone_number_id?: string): ChatMessage[];
}

const chatKey = (phone_number_id: string, phone: string) => `${phone_number_id}/${phone}`;
/** Under whose name a message is kept: what was said in a group is the group's. */
const ownerOf = ({ group_id, phone }: ChatMessage) => group_id ?? phone;

/** Creates a store that holds these numbers and nothing else. `keep`: how many messages; `null`: all. */
export function createStore(given: readonly BusinessNumber[], keep: () => number | null): Store {
  const numbers = new Map(given.map((number) => [number.phone_number_id, number]));
  const customers = new Map<string, Customer>();
  const phones = new Map<string, string>(); // by user id
  const groups = new Map<string, Group>();
  const chats = new Map<string, Chat>();
  const messages = createMessages(keep);
  return {
    numbers: () => [...numbers.values()],
    findNumber: (id) => numbers.get(id),
    putNumber: (number) => void numbers.set(number.phone_number_id, number),
    customers: () => [...customers.values()],
    findCustomer: (id) =>
      customers.get(phones.get(id) ?? (/^[+\d]/.test(id) ? phoneDigits(id) : "")),
    putCustomer(customer) {
      const before = customers.get(customer.phone);
      if (before) phones.delete(before.user_id);
      customers.set(customer.phone, customer);
      phones.set(customer.user_id, customer.phone);
    },
    groups: () => [...groups.values()],
    findGroup: (id) => groups.get(id),
    putGroup: (group) => void groups.set(group.id, group),
    chats: () => [...chats.values()],
    chat: (phone_number_id, phone) =>
      chats.get(chatKey(phone_number_id, phone)) ?? {
        phone_number_id,
        phone,
        window_until: null,
        typing_until: null,
        marketing_stopped: false,
      },
    putChat: (chat) => void chats.set(chatKey(chat.phone_number_id, chat.phone), chat),
    findMessage: (id) => messages.find(id),
    putMessage: (message) => messages.put(message),
    messages: (phone, phone_number_id) =>
      messages
        .of(phone)
        .filter((message) => !phone_number_id || message.phone_number_id === phone_number_id),
  };
}

function createMessages(keep: () => number | null) {
  const by_id = new Map<string, ChatMessage>();
  // Message ids by owner: a customer's list must not cost a walk over everybody's messages.
  const ids_by_owner = new Map<string, string[]>();
  const forgetOldest = () => {
    const [oldest] = by_id.values();
    if (!oldest) return;
    by_id.delete(oldest.id);
    const owner = ownerOf(oldest);
    const ids = ids_by_owner.get(owner);
    ids?.shift();
    if (ids?.length === 0) ids_by_owner.delete(owner);
  };
  return {
    find: (id: string) => by_id.get(id),
    put(message: ChatMessage) {
      if (!by_id.has(message.id)) {
        const owner = ownerOf(message);
        const ids = ids_by_owner.get(owner);
        if (ids) ids.push(message.id);
        else ids_by_owner.set(owner, [message.id]);
      }
      by_id.set(message.id, message);
      const limit = keep() ?? Number.POSITIVE_INFINITY;
      for (let left = by_id.size - limit; left > 0; left -= 1) forgetOldest();
    },
    of: (owner: string) =>
      (ids_by_owner.get(owner) ?? [])
        .map((id) => by_id.get(id))
        .filter((message) => message !== undefined),
  };
}
