import type { TemplateDefinition } from "../template/definition.ts";
import { renderTemplate } from "../template/render.ts";
import type { InteractivePart } from "./interactive/interactive.ts";
import type { OutboundMessage } from "./message.ts";

/**
 * What a list of messages shows of this one, and what is searched: its words. Null where there are none (audio,
 * sticker, a reaction taken back). A template's words are in its definition; without it, its name is shown.
 */
export function summaryOf(
  message: OutboundMessage,
  definition?: TemplateDefinition,
): string | null {
  switch (message.type) {
    case "text":
      return message.text.body;
    case "image":
      return message.image.caption ?? null;
    case "video":
      return message.video.caption ?? null;
    case "document":
      return message.document.caption ?? message.document.filename ?? null;
    case "location":
      return message.location.name ?? message.location.address ?? null;
    case "contacts":
      return message.contacts.map(({ name }) => name.formatted_name).join(", ");
    case "reaction":
      return message.reaction.emoji === "" ? null : message.reaction.emoji;
    case "interactive":
      return summaryOfInteractive(message.interactive);
    case "template":
      return definition === undefined
        ? message.template.name
        : renderTemplate(definition, message.template) || message.template.name;
    case "audio":
    case "sticker":
    case "pin":
      return null;
    default:
      return message satisfies never;
  }
}

function summaryOfInteractive(part: InteractivePart): string | null {
  const header = "header" in part && part.header?.type === "text" ? part.header.text : null;
  const words = [header, part.body?.text ?? null].filter((text) => text !== null);
  return words.length === 0 ? null : words.join("\n");
}
