// The customer's phone: what it shows, and what its owner does with it.

import { el, icon, paint } from "./dom.js";
import { LABELS, list, summary } from "./message-text.js";

const byId = (id) => document.getElementById(id);
const desk = byId("desk");
const log = byId("log");
const text = byId("text");

/** The longest stretch of a chat that is drawn. */
const SHOWN_MESSAGES = 300;

const state = {
  numbers: [],
  customers: [],
  /** All messages by id; a Map keeps the order they came in. */
  messages: new Map(),
  /** When the business stops typing, by chat. */
  typing: new Map(),
  /** What the emulator's clock is ahead of this one's, in milliseconds. */
  clock_ahead_ms: 0,
  /** Set while the emulator reads by itself after a delay. */
  reads_itself: false,
  phone: null,
  number_id: null,
};

async function call(method, path, body) {
  const response = await fetch(`/emulator/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer = await response.json();
  if (!response.ok)
    throw new Error(answer.error?.message ?? `The emulator answered ${response.status}.`);
  return answer;
}

const emulatorNow = () => Date.now() + state.clock_ahead_ms;
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const timeOf = (message) => Math.min(...Object.values(message.times));

/** What the customer's phone has: what they wrote, and what reached them. */
function isOnPhone({ author, status }) {
  return author === "customer" || status === "delivered" || status === "read";
}

function messagesOf(phone, number_id) {
  return [...state.messages.values()].filter(
    (message) =>
      message.phone === phone &&
      (!number_id || message.phone_number_id === number_id) &&
      isOnPhone(message),
  );
}

// Drawing

function drawPerson(customer) {
  const messages = messagesOf(customer.phone);
  const last = messages.at(-1);
  const unread = messages.filter(
    ({ author, status }) => author === "business" && status === "delivered",
  );
  const avatar = el("span", "avatar");
  paint(avatar, customer.phone, customer.name);
  const button = el(
    "button",
    "person",
    avatar,
    el("span", "person-name", customer.name),
    el("span", "person-time", last && clock.format(timeOf(last))),
    el("span", "person-last", last ? summary(last) : `+${customer.phone}`),
    unread.length > 0 && el("span", "badge", String(unread.length)),
  );
  button.type = "button";
  button.setAttribute("aria-current", String(customer.phone === state.phone));
  button.addEventListener("click", () => openChat(customer.phone, state.number_id));
  return el("li", "", button);
}

function drawPeople() {
  byId("people").replaceChildren(...state.customers.map(drawPerson));
  byId("people-hint").hidden = state.customers.length > 0;
}

function drawTicks({ author, status }) {
  if (author !== "customer") return null;
  const svg = icon(status === "sent" ? "tick" : "ticks", `ticks ${status}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", status);
  return svg;
}

function drawPicture({ type, content }) {
  if (!content?.id || (type !== "image" && type !== "sticker")) return null;
  const image = el("img", "picture");
  image.src = `/emulator/media/${encodeURIComponent(content.id)}`;
  image.alt = content.caption ?? LABELS[type];
  image.addEventListener("load", stayAtEnd);
  image.addEventListener("error", () => image.remove());
  return image;
}

function drawParts(message) {
  const content = message.content ?? {};
  const header = message.type === "interactive" ? content.header?.text : null;
  const footer = message.type === "interactive" ? content.footer?.text : null;
  const picture = drawPicture(message);
  return [
    picture,
    header && el("div", "title", header),
    message.type === "template" && el("div", "small", "Template"),
    el("div", "body", picture ? content.caption : summary(message)),
    footer && el("div", "small", footer),
  ];
}

function replyChoice(message, kind, { id, title, description }) {
  const button = el("button", "choice", title, description && el("span", "small", description));
  button.type = "button";
  button.addEventListener("click", () =>
    send({
      type: "interactive",
      interactive: { type: kind, [kind]: { id, title, ...(description && { description }) } },
      context: { id: message.id },
    }),
  );
  return button;
}

/** What the business offers to tap: reply buttons and list rows. */
function drawChoices(message) {
  const action = message.content?.action;
  if (message.author !== "business" || message.type !== "interactive" || !action) return null;
  const buttons = list(action.buttons).filter((button) => button.reply);
  const rows = list(action.sections).flatMap((section) => list(section.rows));
  const choices = [
    ...buttons.map((button) => replyChoice(message, "button_reply", button.reply)),
    ...rows.map((row) => replyChoice(message, "list_reply", row)),
  ];
  return choices.length > 0 && el("div", "choices", ...choices);
}

function drawMessage(message, { is_first, reaction, is_new }) {
  const quoted = state.messages.get(message.context_id);
  const bubble = el(
    "div",
    "bubble",
    quoted && el("div", "quote", summary(quoted)),
    ...drawParts(message),
    el("div", "meta", el("time", "", clock.format(timeOf(message))), drawTicks(message)),
  );
  const classes = [
    "row",
    message.author === "customer" && "mine",
    is_first && "first",
    is_new && "new",
  ];
  return el(
    "li",
    classes.filter(Boolean).join(" "),
    bubble,
    reaction && el("span", "reaction", reaction),
    drawChoices(message),
  );
}

const drawn = new Set();

function drawLog() {
  const all = messagesOf(state.phone, state.number_id).slice(-SHOWN_MESSAGES);
  const reactions = new Map();
  for (const { type, content } of all) {
    if (type === "reaction") reactions.set(content?.message_id, content?.emoji ?? "");
  }
  const nodes = [];
  let before = null;
  let date = "";
  for (const message of all) {
    if (message.type === "reaction" && state.messages.has(message.content?.message_id)) continue;
    const today = day.format(timeOf(message));
    if (today !== date) nodes.push(el("li", "day", today));
    const is_first = today !== date || before?.author !== message.author;
    const is_new = !drawn.has(message.id);
    nodes.push(drawMessage(message, { is_first, reaction: reactions.get(message.id), is_new }));
    drawn.add(message.id);
    date = today;
    before = message;
  }
  log.replaceChildren(...nodes);
  stayAtEnd();
}

/** Set while the newest message is in view, so that a new one, or a picture that loads, does not push it out. */
let is_at_end = true;

function stayAtEnd() {
  if (is_at_end) log.scrollTop = log.scrollHeight;
}

function goToEnd() {
  is_at_end = true;
  stayAtEnd();
}

function drawHead() {
  const number = state.numbers.find((known) => known.phone_number_id === state.number_id);
  const customer = state.customers.find((known) => known.phone === state.phone);
  if (!number || !customer) return;
  const until = state.typing.get(`${state.number_id}/${state.phone}`) ?? 0;
  const is_typing = until > emulatorNow();
  byId("business-name").textContent = number.verified_name;
  // Where there are several numbers, the picker shows which one it is.
  const line = [state.numbers.length === 1 && number.display_phone_number, `as ${customer.name}`];
  byId("business-line").textContent = is_typing ? "typing…" : line.filter(Boolean).join(" · ");
  byId("business-line").classList.toggle("typing", is_typing);
  paint(byId("business-initials"), number.phone_number_id, number.verified_name);
}

function draw() {
  drawPeople();
  const is_open = state.customers.some(({ phone }) => phone === state.phone);
  byId("chat").hidden = !is_open;
  desk.dataset.view = is_open ? "chat" : "list";
  if (!is_open) return;
  drawHead();
  drawLog();
  void readOpenChat();
}

let is_due = false;

/** Draws once per frame, however many events came in. */
function drawSoon() {
  if (is_due) return;
  is_due = true;
  setTimeout(() => {
    is_due = false;
    draw();
  }, 30);
}

// Doing

function showNotice(id, message) {
  byId(id).textContent = message;
  byId(id).hidden = message === "";
}

/** A chat in front of the customer's eyes is read, unless the emulator reads by itself. */
async function readOpenChat() {
  if (state.reads_itself || document.hidden) return;
  const { phone, number_id } = state;
  const unread = messagesOf(phone, number_id).some(
    ({ author, status }) => author === "business" && status === "delivered",
  );
  if (unread) await call("POST", `customers/${phone}/read`, { phone_number_id: number_id });
}

function openChat(phone, number_id) {
  location.hash = phone ? `${phone}/${number_id}` : "";
}

function followHash() {
  const [phone, number_id] = location.hash.slice(1).split("/");
  const is_known = state.numbers.some((number) => number.phone_number_id === number_id);
  state.phone = phone || null;
  state.number_id = is_known ? number_id : (state.number_id ?? state.numbers[0]?.phone_number_id);
  byId("number").value = state.number_id;
  drawn.clear();
  for (const { id } of messagesOf(state.phone)) drawn.add(id);
  draw();
  goToEnd();
  if (state.phone && matchMedia("(hover: hover)").matches) text.focus();
}

async function send(message) {
  showNotice("notice", "");
  goToEnd();
  try {
    await call("POST", `customers/${state.phone}/messages`, {
      phone_number_id: state.number_id,
      ...message,
    });
    return true;
  } catch (error) {
    showNotice("notice", error.message);
    return false;
  }
}

async function sendText(event) {
  event.preventDefault();
  const body = text.value.trim();
  if (body === "") return;
  text.value = "";
  if (!(await send({ type: "text", text: { body } }))) text.value = body;
}

async function addCustomer(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  const username = form.get("username").trim();
  try {
    const customer = await call("POST", "customers", {
      name: form.get("name"),
      phone: form.get("phone"),
      share_phone: form.has("share_phone"),
      ...(username && { username }),
    });
    putCustomer(customer);
    byId("sheet").close();
    event.target.reset();
    openChat(customer.phone, state.number_id);
  } catch (error) {
    showNotice("sheet-notice", error.message);
  }
}

function putCustomer(customer) {
  const others = state.customers.filter(({ phone }) => phone !== customer.phone);
  state.customers = [...others, customer];
}

function showTyping({ phone_number_id, phone, until }) {
  const left = until - emulatorNow();
  state.typing.set(`${phone_number_id}/${phone}`, until);
  if (left > 0) setTimeout(drawSoon, left);
}

function onMessage(message) {
  state.messages.set(message.id, message);
  if (message.author === "business")
    state.typing.delete(`${message.phone_number_id}/${message.phone}`);
}

/** Everything anew: at the start, and after a lost connection, when events may have been missed. */
async function load() {
  const { numbers, customers, chats, settings, now } = await call("GET", "state");
  const lists = await Promise.all(
    customers.map(({ phone }) => call("GET", `customers/${phone}/messages`)),
  );
  Object.assign(state, { numbers, customers });
  state.clock_ahead_ms = now - Date.now();
  state.reads_itself = settings.delays.read_ms !== null;
  for (const message of lists.flat()) state.messages.set(message.id, message);
  for (const chat of chats) {
    if (chat.typing_until > now) showTyping({ ...chat, until: chat.typing_until });
  }
  const options = numbers.map(({ phone_number_id, verified_name, display_phone_number }) => {
    const option = el("option", "", `${display_phone_number} · ${verified_name}`);
    option.value = phone_number_id;
    return option;
  });
  byId("number").replaceChildren(...options);
  byId("picker").hidden = numbers.length < 2;
  followHash();
}

function showLive(is_on) {
  byId("live").textContent = is_on ? "Live" : "The emulator is not answering";
  byId("live").classList.toggle("on", is_on);
}

function listen() {
  const events = new EventSource("/emulator/events");
  const on = (name, handle) =>
    events.addEventListener(name, (event) => {
      handle(JSON.parse(event.data));
      drawSoon();
    });
  on("message", onMessage);
  on("customer", putCustomer);
  on("typing", showTyping);
  on("settings", () => void load());
  events.addEventListener("open", () => {
    showLive(true);
    void load();
  });
  events.addEventListener("error", () => showLive(false));
}

byId("compose").addEventListener("submit", (event) => void sendText(event));
byId("new-customer").addEventListener("submit", (event) => void addCustomer(event));
byId("add").addEventListener("click", () => {
  showNotice("sheet-notice", "");
  byId("sheet").showModal();
});
byId("cancel").addEventListener("click", () => byId("sheet").close());
byId("back-button").addEventListener("click", () => openChat(null));
byId("number").addEventListener("change", (event) => openChat(state.phone, event.target.value));
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("compose").requestSubmit();
});
addEventListener("hashchange", followHash);
log.addEventListener("scroll", () => {
  is_at_end = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
});
document.addEventListener("visibilitychange", drawSoon);
listen();
