// One message on the customer's phone: what it shows, and what can be pressed.

import { el, icon } from "./dom.js";
import { LABELS, formatted, list, summary } from "./message-text.js";
import { nameOf, state, timeOf } from "./state.js";

const REACTIONS = ["👍", "❤️", "😂", "😮", "🙏"];
/** Addresses that a message may lead to. */
const SAFE_LINK = /^(https?:|tel:)/i;

export const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

const sourceOf = ({ id }) => `/emulator/media/${encodeURIComponent(id)}`;

function drawFile(media, label) {
  const link = el("a", "file", media.filename ?? label);
  link.href = media.id ? sourceOf(media) : media.link;
  if (!media.id && !SAFE_LINK.test(media.link ?? "")) link.removeAttribute("href");
  link.target = "_blank";
  link.rel = "noreferrer";
  return link;
}

/** A picture or player; what is elsewhere, or cannot be shown, is a link. */
function drawMedia(media, doing) {
  const label = LABELS[media.kind] ?? media.kind;
  if (!media.id || media.kind === "document") return drawFile(media, label);
  const is_picture = media.kind === "image" || media.kind === "sticker";
  const node = el(is_picture ? "img" : media.kind, is_picture ? "picture" : "player");
  node.src = sourceOf(media);
  if (is_picture) node.alt = media.caption ?? label;
  else node.controls = true;
  node.addEventListener("load", doing.grew);
  node.addEventListener("loadedmetadata", doing.grew);
  node.addEventListener("play", () => doing.played(media));
  node.addEventListener("error", () => node.replaceWith(drawFile(media, label)));
  return node;
}

const MEDIA_TYPES = new Set(["image", "sticker", "video", "audio", "document"]);

function mediaOf({ id, type, content }) {
  if (!MEDIA_TYPES.has(type) || !(content?.id || content?.link)) return null;
  return { kind: type, message_id: id, ...content };
}

function drawContact({ name, phones, emails, org }) {
  const lines = [
    ...list(phones).map(({ phone }) => phone),
    ...list(emails).map(({ email }) => email),
    org?.company,
  ];
  return el(
    "div",
    "card",
    el("div", "title", `👤 ${name?.formatted_name ?? ""}`),
    ...lines.filter(Boolean).map((line) => el("div", "small", line)),
  );
}

/** Messages that say all in their content. */
function drawContent(message, doing) {
  const { type } = message;
  const content = message.content ?? {};
  const media = mediaOf(message);
  if (media) {
    const caption = content.caption && el("div", "body", ...formatted(content.caption));
    return [drawMedia(media, doing), caption || el("div", "body")];
  }
  if (type === "contacts") return [...list(content).map(drawContact), el("div", "body")];
  if (type === "location") {
    const place = el("div", "small", `${content.latitude}, ${content.longitude}`);
    return [el("div", "body", summary(message)), place];
  }
  return [el("div", "body", ...formatted(summary(message)))];
}

/** Header, body and footer of a message, or of a card of it. */
function drawBlock({ header, body, footer }, doing) {
  return [
    header.media && drawMedia(header.media, doing),
    header.text && el("div", "title", header.text),
    el("div", "body", ...formatted(body)),
    footer && el("div", "small", footer),
  ];
}

function drawLink({ label, href }) {
  const link = el("a", "choice", `${label} ↗`);
  link.href = href;
  link.target = "_blank";
  link.rel = "noreferrer";
  return link;
}

function drawChoice(message, choice, doing) {
  const { id, label, description, href, reply } = choice;
  if (href && SAFE_LINK.test(href)) return drawLink(choice);
  const button = el("button", "choice", label, description && el("span", "small", description));
  button.type = "button";
  button.disabled = !reply;
  button.addEventListener("click", () => doing.press(message, id));
  return button;
}

function drawChoices(message, choices, doing) {
  let section = null;
  const nodes = choices.flatMap((choice) => {
    const heading =
      choice.section && choice.section !== section && el("div", "section small", choice.section);
    section = choice.section;
    return [heading, drawChoice(message, choice, doing)];
  });
  return nodes.length > 0 && el("div", "choices", ...nodes);
}

/** What the business offers to press; a list opens from its button. */
function drawOffers(message, doing) {
  const { view } = message;
  if (!view) return [];
  const choices = drawChoices(message, view.choices, doing);
  if (view.menu && choices) {
    const menu = el("details", "menu", el("summary", "choice", `☰ ${view.menu}`), choices);
    menu.open = doing.open_menus.has(message.id);
    menu.addEventListener("toggle", () => {
      if (menu.open) doing.open_menus.add(message.id);
      else doing.open_menus.delete(message.id);
    });
    return [menu];
  }
  const cards = view.cards.map((card) =>
    el(
      "div",
      "slide",
      el("div", "bubble", ...drawBlock(card, doing)),
      drawChoices(message, card.choices, doing),
    ),
  );
  return [choices, cards.length > 0 && el("div", "slides", ...cards)];
}

function drawTicks({ author, status }) {
  if (author !== "customer") return null;
  const svg = icon(status === "sent" ? "tick" : "ticks", `ticks ${status}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", status);
  return svg;
}

/** The customer's own reactions: a row of emoji that opens from a small button. */
function drawReacting(message, current, doing) {
  if (message.author !== "business") return null;
  const buttons = REACTIONS.map((emoji) => {
    const button = el("button", "emoji", emoji);
    button.type = "button";
    button.setAttribute("aria-pressed", String(emoji === current));
    button.addEventListener("click", () => doing.react(message, emoji === current ? "" : emoji));
    return button;
  });
  const opener = el("summary", "", "☺");
  opener.setAttribute("aria-label", "React");
  return el("details", "reacting", opener, el("div", "emojis", ...buttons));
}

/** The list item of a message. `doing` is what the page does when something is pressed, played or grows. */
export function drawMessage(message, look, doing) {
  const quoted = state.messages.get(message.context_id);
  const author =
    message.group_id && message.author === "customer" && look.is_first && nameOf(message.phone);
  const parts = message.view ? drawBlock(message.view, doing) : drawContent(message, doing);
  const bubble = el(
    "div",
    "bubble",
    author && el("div", "title small", author),
    quoted && el("div", "quote", summary(quoted)),
    ...parts,
    el("div", "meta", el("time", "", clock.format(timeOf(message))), drawTicks(message)),
  );
  const classes = [
    "row",
    message.author === "customer" && "mine",
    look.is_first && "first",
    look.is_new && "new",
  ];
  return el(
    "li",
    classes.filter(Boolean).join(" "),
    el("div", "line", bubble, drawReacting(message, look.own_reaction, doing)),
    look.reactions.length > 0 && el("span", "reaction", look.reactions.join(" ")),
    ...drawOffers(message, doing),
  );
}
