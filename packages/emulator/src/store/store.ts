import type { BusinessNumber } from "../options.ts";
import { phoneDigits } from "../phone.ts";
import type { ChatMessage, Customer, LedgerEntry } from "./types.ts";

/** How long a customer's message lets the business answer freely (Meta: "Customer service windows"). */
export const SERVICE_WINDOW_MS = 24 * 60 * 60 * 1000;

/** One customer's chat with one business number. */
export interface Chat {
  phone_number_id: string;
  phone: string;
  /** Free-form messages are taken before this time; `null`: the customer has not written yet. */
  window_until: number | null;
  /** The business shows that it types, before this time. */
  typing_until: number | null;
}

/** Everything the emulator knows, in memory. Records are replaced, never changed in place. */
export interface Store {
  readonly numbers: readonly BusinessNumber[];
  findNumber(phone_number_id: string): BusinessNumber | undefined;
  customers(): Customer[];
  /** By phone, with or without `+`, or by business-scoped user id. */
  findCustomer(key: string): Customer | undefined;
  putCustomer(customer: Customer): void;
  chats(): Chat[];
  /** The chat of the two; one that nobody wrote in yet is empty. */
  chat(phone_number_id: string, phone: string): Chat;
  putChat(chat: Chat): void;
  findMessage(id: string): ChatMessage | undefined;
  putMessage(message: ChatMessage): void;
  /** Oldest first; with a number, those of that chat only. */
  messages(phone: string, phone_number_id?: string): ChatMessage[];
  addAccepted(entry: LedgerEntry): void;
  accepted(): LedgerEntry[];
}

const chatKey = (phone_number_id: string, phone: string) => `${phone_number_id}/${phone}`;

/** Creates a store that holds these numbers and nothing else. */
export function createStore(numbers: readonly BusinessNumber[]): Store {
  const customers = new Map<string, Customer>();
  const phones = new Map<string, string>(); // by user id
  const chats = new Map<string, Chat>();
  const messages = new Map<string, ChatMessage>();
  // Message ids by customer: a customer's list must not cost a walk over everybody's messages.
  const ids_by_phone = new Map<string, string[]>();
  const ledger: LedgerEntry[] = [];
  return {
    numbers,
    findNumber: (id) => numbers.find((number) => number.phone_number_id === id),
    customers: () => [...customers.values()],
    findCustomer: (id) =>
      customers.get(phones.get(id) ?? (/^[+\d]/.test(id) ? phoneDigits(id) : "")),
    putCustomer(customer) {
      const before = customers.get(customer.phone);
      if (before) phones.delete(before.user_id);
      customers.set(customer.phone, customer);
      phones.set(customer.user_id, customer.phone);
    },
    chats: () => [...chats.values()],
    chat: (phone_number_id, phone) =>
      chats.get(chatKey(phone_number_id, phone)) ?? {
        phone_number_id,
        phone,
        window_until: null,
        typing_until: null,
      },
    putChat: (chat) => void chats.set(chatKey(chat.phone_number_id, chat.phone), chat),
    findMessage: (id) => messages.get(id),
    putMessage(message) {
      if (!messages.has(message.id)) {
        const ids = ids_by_phone.get(message.phone);
        if (ids) ids.push(message.id);
        else ids_by_phone.set(message.phone, [message.id]);
      }
      messages.set(message.id, message);
    },
    messages: (phone, phone_number_id) =>
      (ids_by_phone.get(phone) ?? [])
        .map((id) => messages.get(id))
        .filter((message) => message !== undefined)
        .filter((message) => !phone_number_id || message.phone_number_id === phone_number_id),
    addAccepted: (entry) => void ledger.push(entry),
    accepted: () => [...ledger],
  };
}
