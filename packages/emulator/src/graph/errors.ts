import { createTraceId } from "../wire/ids.ts";
import type { WebhookError } from "../wire/status.ts";

interface KnownError {
  http: number;
  title: string;
  details: string;
}

const known = (http: number, title: string, details = title): KnownError => ({
  http,
  title,
  details,
});

/** Meta's error codes that matter to a sender, with the HTTP status and the words of its error page. */
const ERRORS: ReadonlyMap<number, KnownError> = new Map([
  [0, known(401, "AuthException", "We were unable to authenticate the app user.")],
  [1, known(400, "API Unknown", "Invalid request or possible server error.")],
  [2, known(503, "API Service", "Temporary due to downtime or due to being overloaded.")],
  [3, known(500, "API Method", "Capability or permissions issue.")],
  [4, known(400, "Application request limit reached")],
  [33, known(400, "Parameter value is not valid")],
  [10, known(403, "Permission Denied", "Permission is either not granted or has been removed.")],
  [100, known(400, "Invalid parameter")],
  [190, known(401, "Access token has expired")],
  [200, known(403, "API Permission")],
  [368, known(403, "Temporarily blocked for policies violations")],
  [80007, known(400, "Rate limit issues")],
  [130403, known(400, "Message blocked by the business")],
  [130429, known(400, "Rate limit hit", "Cloud API message throughput has been reached.")],
  [130472, known(400, "User's number is part of an experiment")],
  [130497, known(403, "Business account is restricted from messaging users in this country")],
  [131000, known(500, "Something went wrong", "Message failed to send due to an unknown error.")],
  [131005, known(403, "Access denied", "Permission is either not granted or has been removed.")],
  [131008, known(400, "Required parameter is missing")],
  [131009, known(400, "Parameter value is not valid")],
  [131016, known(500, "Service unavailable", "A service is temporarily unavailable.")],
  [131020, known(400, "Group message was refused")],
  [
    131021,
    known(
      400,
      "Recipient cannot be sender",
      "Sender and recipient phone number is the same. Send a message to a different phone number.",
    ),
  ],
  [131026, known(400, "Message undeliverable", "Message Undeliverable.")],
  [131030, known(400, "Recipient phone number not in allowed list")],
  [131031, known(403, "Account has been locked")],
  [131037, known(400, "Display name was not approved")],
  [
    131042,
    known(
      400,
      "Business eligibility payment issue",
      "Message failed to send because there were one or more errors related to your payment method.",
    ),
  ],
  [131045, known(500, "Incorrect certificate")],
  [
    131047,
    known(
      400,
      "Re-engagement message",
      "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    ),
  ],
  [
    131048,
    known(
      400,
      "Spam rate limit hit",
      "Message failed to send because there are restrictions on how many messages can be sent from this phone number.",
    ),
  ],
  [
    131049,
    known(
      400,
      "This message was not delivered to maintain healthy ecosystem engagement.",
      "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
  ],
  [131050, known(400, "User has opted out of marketing messages")],
  [131051, known(400, "Unsupported message type", "Message type is currently not supported.")],
  [131052, known(400, "Media download error")],
  [131053, known(400, "Media upload error")],
  [131055, known(400, "Only marketing templates are supported on this endpoint")],
  [
    131056,
    known(
      400,
      "(Business Account, Consumer Account) pair rate limit hit",
      "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
    ),
  ],
  [131057, known(500, "Business account is in maintenance mode")],
  [131062, known(400, "Business-scoped user id is not allowed for this message")],
  [131063, known(400, "Marketing messages are disabled on this endpoint")],
  [
    131064,
    known(
      400,
      "Messaging limit reached",
      "Message failed to send because this account has reached its messaging limit due to template classification violations.",
    ),
  ],
  [132000, known(400, "Template Param Count Mismatch")],
  [132001, known(404, "Template does not exist")],
  [132005, known(400, "Template hydrated text too long", "Translated text too long")],
  [132007, known(400, "Template format character policy violated")],
  [
    132012,
    known(
      400,
      "Template parameter format mismatch",
      "Parameter format does not match format in the created template",
    ),
  ],
  [
    132015,
    known(
      400,
      "Template is Paused",
      "Template is paused due to low quality so it cannot be sent in a template message.",
    ),
  ],
  [
    132016,
    known(
      400,
      "Template is Disabled",
      "Template has been paused too many times due to low quality and is now permanently disabled.",
    ),
  ],
  [132018, known(400, "Template parameter is wrong")],
  [132068, known(400, "Flow is blocked", "Flow is in blocked state.")],
  [132069, known(400, "Flow is throttled", "Flow is in throttled state.")],
  [133006, known(400, "Phone number re-verification needed")],
  [133004, known(503, "Server Temporarily Unavailable")],
  [133010, known(400, "Phone number not registered")],
  [133015, known(400, "Please wait a few minutes before attempting to register this phone number")],
  [133016, known(400, "Account register deregister rate limit exceeded")],
  [134011, known(400, "Payments terms of service have not been accepted")],
  [134100, known(400, "Only marketing messages supported")],
  [134101, known(500, "Template is syncing")],
  [134102, known(400, "Template unavailable for use")],
  [135000, known(400, "Generic user error")],
  [137000, known(400, "Recipient identity key hash mismatch")],
  [139200, known(400, "Direct Send is blocked")],
  [2388318, known(400, "Direct Send message was refused")],
  [2388330, known(400, "Direct Send message was refused")],
  [2494100, known(503, "Phone number is in maintenance")],
]);

/** What {@link GraphFault} may add to the table. */
export interface FaultDetail {
  details?: string;
  message?: string;
  subcode?: number;
  type?: "OAuthException" | "GraphMethodException";
  is_transient?: boolean;
  /** In place of the code's own. */
  http?: number;
  /** What the Graph platform would show a person. */
  user?: { title: string; message: string };
}

/** An error answer of the Graph API, thrown by a handler and turned into a response by the routes. */
export class GraphFault extends Error {
  override readonly name = "GraphFault";
  readonly code: number;
  readonly status: number;
  readonly body: { error: { [key: string]: unknown } };

  constructor(code: number, detail: FaultDetail = {}) {
    const entry = entryOf(code);
    super(detail.message ?? `(#${code}) ${entry.title}`);
    this.code = code;
    this.status = detail.http ?? entry.http;
    // WhatsApp's own codes carry details; the Graph platform's (190, 100/33) only where there are some to give.
    const details = detail.details ?? (code >= 100_000 ? entry.details : undefined);
    this.body = {
      error: {
        message: this.message,
        type: detail.type ?? "OAuthException",
        code,
        ...(detail.subcode !== undefined && { error_subcode: detail.subcode }),
        ...(detail.is_transient !== undefined && { is_transient: detail.is_transient }),
        ...(detail.user && {
          error_user_title: detail.user.title,
          error_user_msg: detail.user.message,
        }),
        ...(details !== undefined && { error_data: { messaging_product: "whatsapp", details } }),
        fbtrace_id: createTraceId(),
      },
    };
  }
}

/** The connection breaks; `listen` breaks the socket, `fetch` rejects as fetch does. */
export class DroppedConnection extends Error {
  override readonly name = "DroppedConnection";
  /** `end`: with no answer at all. `reset`: by a TCP reset. A response: after half of it. */
  readonly how: "end" | "reset" | Response;

  constructor(how: "end" | "reset" | Response = "end") {
    super("the connection broke, as planned");
    this.how = how;
  }
}

/** An answer that is not Meta's JSON: what a proxy before it would say. */
export class PlannedAnswer extends Error {
  override readonly name = "PlannedAnswer";
  readonly code: number;
  readonly response: Response;

  constructor(code: number, response: Response) {
    super(`answered ${response.status}, as planned`);
    this.code = code;
    this.response = response;
  }
}

/** The object id in the path names nothing here. */
export function unknownObject(id: string): GraphFault {
  return new GraphFault(100, {
    subcode: 33,
    type: "GraphMethodException",
    message:
      `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing ` +
      "permissions, or does not support this operation. Please read the Graph API documentation at " +
      "https://developers.facebook.com/docs/graph-api",
  });
}

/** The path itself is not one of the API's; that is also what a path without a version gets. */
export function unknownPath(path: string): GraphFault {
  return new GraphFault(2500, { message: `Unknown path components: ${path}` });
}

/** 200 to 299 are all permissions. */
function entryOf(code: number): KnownError {
  const known_error = ERRORS.get(code);
  if (known_error) return known_error;
  return code > 200 && code < 300 ? known(403, "API Permission") : known(400, "Unknown error");
}

/** The HTTP status that goes with a code. */
export function httpStatusOf(code: number): number {
  return entryOf(code).http;
}

/** The same error in the words of a `failed` status. */
export function webhookError(code: number): WebhookError {
  const entry = entryOf(code);
  return { code, title: entry.title, details: entry.details };
}
