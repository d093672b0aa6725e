import { InvalidRequestError } from "../graph/errors.ts";
import { formatIssues } from "./issues.ts";
import { type OutboundMessage, parseOutboundMessage } from "./message.ts";

// Messages in one call each, for code that writes them by hand. Every builder checks what it made and throws
// InvalidRequestError, with each field that is wrong, where Meta would not take it.

/** Uploaded media by its id, a public link, or (through whatsapp-send alone) a path in the bucket whatsapp-media. */
export type MediaSource = { id: string } | { link: string } | { storage_path: string };

export interface Answer {
  /** The wamid of the message that this one answers. */
  reply_to?: string;
}

export interface Framed extends Answer {
  /** A line above the body. */
  header?: string;
  /** A small line below it. */
  footer?: string;
}

interface Choice {
  id: string;
  title: string;
}

interface Row extends Choice {
  description?: string;
}

interface FlowOptions {
  flow_id: string;
  /** The label of the button. */
  flow_cta: string;
  flow_token?: string;
  /** The first screen, and what it is given. Without it the flow's endpoint decides. */
  screen?: string;
  data?: object;
}

/** Throws where the message is not one that Meta takes. */
function build(value: object): OutboundMessage {
  const parsed = parseOutboundMessage(value);
  if (parsed.ok) return parsed.message;
  throw new InvalidRequestError(formatIssues(parsed.issues));
}

function answering({ reply_to }: Answer): object {
  return reply_to === undefined ? {} : { context: { message_id: reply_to } };
}

function interactive(part: object, { header, footer, ...answer }: Framed): OutboundMessage {
  return build({
    type: "interactive",
    interactive: {
      ...part,
      ...(header === undefined ? {} : { header: { type: "text", text: header } }),
      ...(footer === undefined ? {} : { footer: { text: footer } }),
    },
    ...answering(answer),
  });
}

/** What an `image`, `video`, `audio`, `sticker` or `document` message has beside the file. */
interface MediaOptions extends Answer {
  caption?: string;
  filename?: string;
  voice?: boolean;
}

function media(type: string, source: MediaSource, options: MediaOptions): OutboundMessage {
  const { reply_to, ...part } = options;
  return build({
    type,
    [type]: { ...source, ...part },
    ...answering(reply_to === undefined ? {} : { reply_to }),
  });
}

/**
 * Builders of messages.
 *
 * @example
 * outbound.buttons("Shall we deliver today?", [{ id: "yes", title: "Yes" }, { id: "no", title: "No" }]);
 */
export const outbound = {
  text: (body: string, { preview_url, ...answer }: Answer & { preview_url?: boolean } = {}) =>
    build({
      type: "text",
      text: preview_url === undefined ? { body } : { body, preview_url },
      ...answering(answer),
    }),
  image: (source: MediaSource, options: Answer & { caption?: string } = {}) =>
    media("image", source, options),
  video: (source: MediaSource, options: Answer & { caption?: string } = {}) =>
    media("video", source, options),
  audio: (source: MediaSource, options: Answer = {}) => media("audio", source, options),
  /** OGG with the OPUS codec. */
  voice: (source: MediaSource, options: Answer = {}) =>
    media("audio", source, { ...options, voice: true }),
  sticker: (source: MediaSource, options: Answer = {}) => media("sticker", source, options),
  document: (source: MediaSource, options: Answer & { caption?: string; filename?: string } = {}) =>
    media("document", source, options),
  location: (
    location: { latitude: number; longitude: number; name?: string; address?: string },
    options: Answer = {},
  ) => build({ type: "location", location, ...answering(options) }),
  contacts: (contacts: readonly object[], options: Answer = {}) =>
    build({ type: "contacts", contacts, ...answering(options) }),
  reaction: (message_id: string, emoji: string) =>
    build({ type: "reaction", reaction: { message_id, emoji } }),
  removeReaction: (message_id: string) =>
    build({ type: "reaction", reaction: { message_id, emoji: "" } }),
  buttons: (body: string, buttons: readonly Choice[], options: Framed = {}) =>
    interactive(
      {
        type: "button",
        body: { text: body },
        action: { buttons: buttons.map((reply) => ({ type: "reply", reply })) },
      },
      options,
    ),
  list: (
    body: string,
    list: { button: string; sections: readonly { title?: string; rows: readonly Row[] }[] },
    options: Framed = {},
  ) => interactive({ type: "list", body: { text: body }, action: list }, options),
  link: (body: string, link: { display_text: string; url: string }, options: Framed = {}) =>
    interactive(
      { type: "cta_url", body: { text: body }, action: { name: "cta_url", parameters: link } },
      options,
    ),
  locationRequest: (body: string, options: Answer = {}) =>
    interactive(
      {
        type: "location_request_message",
        body: { text: body },
        action: { name: "send_location" },
      },
      options,
    ),
  callPermissionRequest: (body: string, options: Answer = {}) =>
    interactive(
      {
        type: "call_permission_request",
        body: { text: body },
        action: { name: "call_permission_request" },
      },
      options,
    ),
  flow: (body: string, { screen, data, ...flow }: FlowOptions, options: Framed = {}) => {
    const payload = data === undefined ? { screen } : { screen, data };
    const start =
      screen === undefined ? {} : { flow_action: "navigate", flow_action_payload: payload };
    return interactive(
      {
        type: "flow",
        body: { text: body },
        action: { name: "flow", parameters: { flow_message_version: "3", ...flow, ...start } },
      },
      options,
    );
  },
  /** Products, carousels, orders, addresses: `part` is Meta's `interactive` object. */
  interactive: (part: object, options: Answer = {}) => interactive(part, options),
  template: (
    name: string,
    language: string,
    { components, ...answer }: Answer & { components?: readonly object[] } = {},
  ) =>
    build({
      type: "template",
      template: {
        name,
        language: { code: language },
        ...(components === undefined ? {} : { components }),
      },
      ...answering(answer),
    }),
};
