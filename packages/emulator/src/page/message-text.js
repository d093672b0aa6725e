// What a message says, in a line.

import { el } from "./dom.js";

/** What kinds of message are called that have no words of their own. */
export const LABELS = {
  audio: "🎤 Voice message",
  contacts: "👤 Contact",
  document: "📄 Document",
  image: "📷 Photo",
  interactive: "Message",
  location: "📍 Location",
  order: "🛒 Order",
  pin: "📌 Pinned a message",
  sticker: "Sticker",
  template: "Template",
  video: "🎬 Video",
};

/** A list, whatever came: the emulator takes most content as it is. */
export function list(value) {
  return Array.isArray(value) ? value.filter(Boolean) : [];
}

function interactiveText(content) {
  const reply = content.button_reply ?? content.list_reply;
  if (content.nfm_reply)
    return `📝 ${content.nfm_reply.name ?? "form"}: ${content.nfm_reply.body ?? ""}`;
  if (content.call_permission_reply) return `📞 Calls: ${content.call_permission_reply.response}`;
  return reply?.title ?? content.body?.text ?? content.type ?? "";
}

function contactsText(content) {
  const names = list(content).map((contact) => contact.name?.formatted_name);
  return ["👤", ...names.filter(Boolean)].join(" ");
}

/** The message as the customer would read it in a list. */
export function summary({ type, content, view }) {
  if (view) return view.body || view.choices[0]?.label || LABELS[type];
  if (type === "text") return content?.body ?? "";
  if (type === "interactive") return interactiveText(content ?? {});
  if (type === "button") return content?.text ?? "";
  if (type === "contacts") return contactsText(content);
  if (type === "reaction") return content?.emoji ? `Reacted ${content.emoji}` : "Reaction removed";
  if (type === "order")
    return `${LABELS.order}: ${list(content?.product_items)
      .map((item) => `${item.quantity}× ${item.product_retailer_id}`)
      .join(", ")}`;
  if (type === "location")
    return [content?.name, content?.address].filter(Boolean).join(", ") || LABELS.location;
  return [LABELS[type] ?? type, content?.caption ?? content?.filename].filter(Boolean).join(" · ");
}

const MARKS = { "*": "strong", _: "em", "~": "s", "`": "code" };
const MARKED = /(\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~|```[^`]+```|`[^`\n]+`)/;

/** Text with WhatsApp's marks (*bold*, _italic_, ~struck~, `code`) as nodes. */
export function formatted(text) {
  return text.split(MARKED).map((part, index) => {
    if (index % 2 === 0) return part;
    const inner = part.startsWith("```") ? part.slice(3, -3) : part.slice(1, -1);
    return el(MARKS[part[0]], "", inner);
  });
}
