// The customer's phone: what it shows, and what its owner does with it.

import { el, paint } from "./dom.js";
import { clock, drawMessage } from "./draw-message.js";
import { list, summary } from "./message-text.js";
import {
  call,
  chats,
  emulatorNow,
  holder,
  messagesOf,
  nameOf,
  openGroup,
  state,
  timeOf,
} from "./state.js";

const byId = (id) => document.getElementById(id);
const desk = byId("desk");
const log = byId("log");
const text = byId("text");

/** The longest stretch of a chat that is drawn. */
const SHOWN_MESSAGES = 300;

const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

// Drawing

function drawChat({ key, name, line }) {
  const messages = messagesOf(key);
  const last = messages.at(-1);
  const unread = messages.filter(
    ({ author, status }) => author === "business" && status === "delivered",
  );
  const avatar = el("span", "avatar");
  paint(avatar, key, name);
  const button = el(
    "button",
    "person",
    avatar,
    el("span", "person-name", name),
    el("span", "person-time", last && clock.format(timeOf(last))),
    el("span", "person-last", last ? summary(last) : line),
    unread.length > 0 && el("span", "badge", String(unread.length)),
  );
  button.type = "button";
  button.setAttribute("aria-current", String(key === state.chat));
  button.addEventListener("click", () => openChat(key, state.number_id));
  return el("li", "", button);
}

function drawChats() {
  const all = chats();
  byId("people").replaceChildren(...all.map(drawChat));
  byId("people-hint").hidden = all.length > 0;
}

/** Who reacted how to which message; the last reaction of each counts. */
function reactionsIn(messages) {
  const reactions = new Map();
  for (const { type, content, phone, author } of messages) {
    if (type !== "reaction") continue;
    const one = reactions.get(content?.message_id) ?? new Map();
    one.set(author === "customer" ? phone : "", content?.emoji ?? "");
    reactions.set(content?.message_id, one);
  }
  return reactions;
}

const drawn = new Set();

function drawLog() {
  const all = messagesOf(state.chat, state.number_id).slice(-SHOWN_MESSAGES);
  const reactions = reactionsIn(all);
  const nodes = [];
  let before = null;
  let date = "";
  for (const message of all) {
    if (message.type === "reaction" && state.messages.has(message.content?.message_id)) continue;
    const today = day.format(timeOf(message));
    if (today !== date) nodes.push(el("li", "day", today));
    const is_first =
      today !== date || before?.author !== message.author || before?.phone !== message.phone;
    const given = reactions.get(message.id) ?? new Map();
    const look = {
      is_first,
      is_new: !drawn.has(message.id),
      own_reaction: given.get(holder()),
      reactions: [...given.values()].filter(Boolean),
    };
    nodes.push(drawMessage(message, look, doing));
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
  if (!number) return;
  const group = openGroup();
  const until = state.typing.get(`${state.number_id}/${state.chat}`) ?? 0;
  const is_typing = until > emulatorNow();
  const name = group ? group.subject : number.verified_name;
  byId("business-name").textContent = name;
  // Where there are several numbers, the picker shows which one it is.
  const line = group
    ? [number.verified_name, ...group.participants.map(nameOf)].join(", ")
    : [state.numbers.length === 1 && number.display_phone_number, `as ${nameOf(state.chat)}`]
        .filter(Boolean)
        .join(" · ");
  byId("business-line").textContent = is_typing ? "typing…" : line;
  byId("business-line").classList.toggle("typing", is_typing);
  paint(byId("business-initials"), group ? group.id : number.phone_number_id, name);
  byId("picker").hidden = state.numbers.length < 2 || group !== null;
  byId("member-picker").hidden = !group;
  drawMembers(group);
}

function drawMembers(group) {
  const options = list(group?.participants).map((phone) => {
    const option = el("option", "", `as ${nameOf(phone)}`);
    option.value = phone;
    return option;
  });
  byId("member").replaceChildren(...options);
  if (group) byId("member").value = holder();
}

function draw() {
  drawChats();
  const is_open = chats().some(({ key }) => key === state.chat);
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
  const { chat, number_id } = state;
  const unread = messagesOf(chat, number_id).some(
    ({ author, status }) => author === "business" && status === "delivered",
  );
  if (unread) await call("POST", `customers/${holder()}/read`, { phone_number_id: number_id });
}

function openChat(chat, number_id) {
  location.hash = chat ? `${chat}/${number_id}` : "";
}

function followHash() {
  const [chat, number_id] = location.hash.slice(1).split("/");
  state.chat = chat || null;
  const asked = openGroup()?.phone_number_id ?? number_id;
  const is_known = state.numbers.some((number) => number.phone_number_id === asked);
  state.number_id = is_known ? asked : (state.number_id ?? state.numbers[0]?.phone_number_id);
  byId("number").value = state.number_id;
  drawn.clear();
  for (const { id } of messagesOf(state.chat)) drawn.add(id);
  draw();
  goToEnd();
  if (state.chat && matchMedia("(hover: hover)").matches) text.focus();
}

/** Does something as the customer; what went wrong is shown above the keyboard. */
async function act(path, body) {
  showNotice("notice", "");
  try {
    await call("POST", `customers/${holder()}/${path}`, body);
    return true;
  } catch (error) {
    showNotice("notice", error.message);
    return false;
  }
}

function send(message) {
  goToEnd();
  const group = openGroup();
  const where = group ? { group_id: group.id } : { phone_number_id: state.number_id };
  return act("messages", { ...where, ...message });
}

/** What messages call when they are pressed, played, or grow. */
const doing = {
  open_menus: new Set(),
  grew: stayAtEnd,
  press: (message, choice) => act("press", { message_id: message.id, choice }),
  react: (message, emoji) =>
    send({
      type: "reaction",
      // A removed reaction comes without an emoji.
      reaction: { message_id: message.id, ...(emoji && { emoji }) },
    }),
  played(media) {
    if (media.kind === "audio") void act("play", { message_id: media.message_id });
  },
};

async function sendText(event) {
  event.preventDefault();
  const body = text.value.trim();
  if (body === "") return;
  text.value = "";
  if (!(await send({ type: "text", text: { body } }))) text.value = body;
}

/** What a file is sent as. */
function kindOf({ type }) {
  if (type === "image/webp") return "sticker";
  const kind = type.split("/")[0];
  return ["image", "audio", "video"].includes(kind) ? kind : "document";
}

async function sendFile(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCodePoint(byte);
  const kind = kindOf(file);
  const media = {
    data: btoa(binary),
    ...(file.type && { mime_type: file.type }),
    ...(kind === "document" && { filename: file.name }),
  };
  await send({ type: kind, [kind]: media });
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

function putGroup(group) {
  const others = state.groups.filter(({ id }) => id !== group.id);
  state.groups = [...others, group];
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
  const { numbers, customers, groups, chats: open, settings, now } = await call("GET", "state");
  const keys = [...customers.map(({ phone }) => phone), ...groups.map(({ id }) => id)];
  const lists = await Promise.all(keys.map((key) => call("GET", `customers/${key}/messages`)));
  Object.assign(state, { numbers, customers, groups });
  state.clock_ahead_ms = now - Date.now();
  state.reads_itself = settings.delays.read_ms !== null;
  for (const message of lists.flat()) state.messages.set(message.id, message);
  for (const chat of open) {
    if (chat.typing_until > now) showTyping({ ...chat, until: chat.typing_until });
  }
  const options = numbers.map(({ phone_number_id, verified_name, display_phone_number }) => {
    const option = el("option", "", `${display_phone_number} · ${verified_name}`);
    option.value = phone_number_id;
    return option;
  });
  byId("number").replaceChildren(...options);
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
  on("group", putGroup);
  on("typing", showTyping);
  on("settings", () => void load());
  events.addEventListener("open", () => {
    showLive(true);
    void load();
  });
  events.addEventListener("error", () => showLive(false));
}

byId("compose").addEventListener("submit", (event) => void sendText(event));
byId("file").addEventListener("change", (event) => void sendFile(event));
byId("new-customer").addEventListener("submit", (event) => void addCustomer(event));
byId("add").addEventListener("click", () => {
  showNotice("sheet-notice", "");
  byId("sheet").showModal();
});
byId("cancel").addEventListener("click", () => byId("sheet").close());
byId("back-button").addEventListener("click", () => openChat(null));
byId("number").addEventListener("change", (event) => openChat(state.chat, event.target.value));
byId("member").addEventListener("change", (event) => {
  state.member = event.target.value;
  draw();
});
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
