import { z } from "zod";
import { formatIssues, issuesOf } from "../outbound/issues.ts";
import { textPartSchema } from "../outbound/text.ts";
import { GRAPH_API_VERSION } from "../version.ts";
import { InvalidRequestError, UnreadableResponseError } from "./errors.ts";
import { checkId, resolveRoot } from "./graph-url.ts";
import { createGraphMedia, type GraphMedia } from "./media.ts";
import { buildMessage, endpointOf, readSentMessage } from "./messages.ts";
import type { Recipient, SendRequest, SentMessage } from "./messages.ts";
import { createGraphNumbers, type GraphNumbers } from "./numbers.ts";
import { createRedactor } from "./redact.ts";
import { readBody, requestJson, type Fetch } from "./request-json.ts";
import { createGraphTemplates, type GraphTemplates } from "./templates.ts";

export interface GraphClientOptions {
  access_token: string;
  /** Another server that speaks the Graph API, such as the emulator. */
  base_url?: string;
  version?: string;
  fetch?: Fetch;
  /** For one call as a whole. */
  timeout_ms?: number;
}

export type SendTextOptions = TextOptions & { phone_number_id: string };

type TextOptions = Recipient & {
  body: string;
  reply_to_wamid?: string;
  preview_url?: boolean;
  /** Echoed in every status of the message; our message id, so that a lost answer can be settled. */
  biz_opaque_callback_data?: string;
};

export interface MarkReadOptions {
  phone_number_id: string;
  /** The inbound message; it and all before it show as read. */
  wamid: string;
  /** Shows "typing…" until the reply, 25 seconds at most. */
  typing_indicator?: boolean;
}

/** Calls one at a time and as told: no retries, no pacing. Each throws a GraphClientError. */
export interface GraphClient {
  /** Any kind of message; with `product_policy` through the Marketing Messages API. */
  sendMessage(phone_number_id: string, message: SendRequest): Promise<SentMessage>;
  sendText(options: SendTextOptions): Promise<SentMessage>;
  markRead(options: MarkReadOptions): Promise<void>;
  media: GraphMedia;
  templates: GraphTemplates;
  numbers: GraphNumbers;
}

/**
 * A client of the Graph API for one access token. Throws InvalidRequestError for options that cannot work.
 *
 * @example
 * const graph = createGraphClient({ access_token });
 * const { wamid } = await graph.sendText({ phone_number_id, to: "+4915123456789", body: "Hello" });
 */
export function createGraphClient(options: GraphClientOptions): GraphClient {
  const { access_token, version = GRAPH_API_VERSION, timeout_ms = 30_000 } = options;
  const { base_url = "https://graph.facebook.com", fetch = globalThis.fetch } = options;
  const root = resolveRoot(base_url, version);
  checkToken(access_token);
  const connection = { access_token, fetch, timeout_ms, redact: createRedactor(access_token) };

  const post = (phone_number_id: string, endpoint: string, payload: object) =>
    requestJson(connection, {
      method: "POST",
      url: `${root}/${checkId("phone_number_id", phone_number_id)}/${endpoint}`,
      payload,
    });

  async function sendMessage(phone_number_id: string, message: SendRequest): Promise<SentMessage> {
    const response = await post(phone_number_id, endpointOf(message), buildMessage(message));
    const sent = readSentMessage(response.body);
    if (typeof sent === "string") throw new UnreadableResponseError(response.http_status, sent);
    return sent;
  }

  return {
    sendMessage,
    sendText: async ({ phone_number_id, ...text }) => sendMessage(phone_number_id, buildText(text)),
    async markRead({ phone_number_id, wamid, typing_indicator = false }) {
      const response = await post(phone_number_id, "messages", {
        messaging_product: "whatsapp",
        status: "read",
        message_id: wamid,
        ...(typing_indicator ? { typing_indicator: { type: "text" } } : {}),
      });
      readBody(successSchema, response);
    },
    media: createGraphMedia(connection, root),
    templates: createGraphTemplates(connection, root),
    numbers: createGraphNumbers(connection, root),
  };
}

const successSchema = z.object({ success: z.literal(true) });

function buildText(options: TextOptions): SendRequest {
  const { body, reply_to_wamid, preview_url, ...rest } = options;
  const text = textPartSchema.safeParse({ body, preview_url });
  if (!text.success) throw new InvalidRequestError(formatIssues(issuesOf(text.error)));
  return {
    ...rest,
    type: "text",
    text: preview_url === undefined ? { body } : { body, preview_url },
    ...(reply_to_wamid === undefined ? {} : { context: { message_id: reply_to_wamid } }),
  };
}

function checkToken(access_token: string): void {
  // A line break at the end, as a file often has, would make fetch throw an error that quotes the header.
  if (!/^[\x21-\x7E]+$/.test(access_token)) {
    throw new InvalidRequestError(
      "access_token: must be visible ASCII without spaces or line breaks; trim it",
    );
  }
}
