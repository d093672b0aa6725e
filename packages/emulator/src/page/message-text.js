// What a message says, in a line.

/** What kinds of message are called that have no words of their own. */
export const LABELS = {
  audio: "🎤 Voice message",
  contacts: "👤 Contact",
  document: "📄 Document",
  image: "📷 Photo",
  location: "📍 Location",
  sticker: "Sticker",
  template: "Template",
  video: "🎬 Video",
};

/** A list, whatever came: the emulator takes most content as it is. */
export function list(value) {
  return Array.isArray(value) ? value.filter(Boolean) : [];
}

function templateText({ name, components }) {
  const values = list(components)
    .flatMap((component) => list(component.parameters))
    .map((parameter) => parameter.text)
    .filter(Boolean);
  return [name, ...values].join(" · ");
}

function interactiveText(content) {
  const reply = content.button_reply ?? content.list_reply;
  return reply?.title ?? content.body?.text ?? content.type ?? "";
}

/** The message as the customer would read it in a list. */
export function summary({ type, content }) {
  if (type === "text") return content?.body ?? "";
  if (type === "interactive") return interactiveText(content ?? {});
  if (type === "button") return content?.text ?? "";
  if (type === "template") return templateText(content ?? {});
  if (type === "reaction") return `Reacted ${content?.emoji ?? ""}`;
  if (type === "location")
    return [content?.name, content?.address].filter(Boolean).join(", ") || LABELS.location;
  return [LABELS[type] ?? type, content?.caption ?? content?.filename].filter(Boolean).join(" · ");
}
