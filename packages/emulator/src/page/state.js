// What the page knows, and how it asks the emulator.

export const state = {
  numbers: [],
  customers: [],
  groups: [],
  /** All messages by id; a Map keeps the order they came in. */
  messages: new Map(),
  /** When the business stops typing, by chat. */
  typing: new Map(),
  /** What the emulator's clock is ahead of this one's, in milliseconds. */
  clock_ahead_ms: 0,
  /** Set while the emulator reads by itself after a delay. */
  reads_itself: false,
  /** The open chat: a customer's phone or a group's id. */
  chat: null,
  /** Who writes in a group. */
  member: null,
  number_id: null,
};

export async function call(method, path, body) {
  const response = await fetch(`/emulator/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer = await response.json();
  if (!response.ok)
    throw new Error(answer.error?.message ?? `The emulator answered ${response.status}.`);
  return answer;
}

export const emulatorNow = () => Date.now() + state.clock_ahead_ms;
export const timeOf = (message) => Math.min(...Object.values(message.times));

export const openGroup = () => state.groups.find(({ id }) => id === state.chat) ?? null;
const spelled = (phone) => `+${phone}`;
export const nameOf = (phone) =>
  state.customers.find((customer) => customer.phone === phone)?.name ?? spelled(phone);

/** Whose phone is looked at: the customer, or the member of the open group who writes. */
export function holder() {
  const group = openGroup();
  if (!group) return state.chat;
  return group.participants.includes(state.member) ? state.member : group.participants[0];
}

/** What the customer's phone has: what they wrote, and what reached them. */
function isOnPhone({ author, status }) {
  return author === "customer" || ["delivered", "read", "played"].includes(status);
}

/** The messages of a customer or a group. */
export function messagesOf(chat, number_id) {
  return [...state.messages.values()].filter(
    (message) =>
      (message.group_id ?? message.phone) === chat &&
      (!number_id || message.phone_number_id === number_id) &&
      isOnPhone(message),
  );
}

/** Everybody and every group, as the list on the left shows them. */
export function chats() {
  const people = state.customers.map(({ phone, name }) => ({
    key: phone,
    name,
    line: spelled(phone),
  }));
  const groups = state.groups.map(({ id, subject, participants }) => ({
    key: id,
    name: subject,
    line: participants.map(nameOf).join(", "),
  }));
  return [...people, ...groups];
}
