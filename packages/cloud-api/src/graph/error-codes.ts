/** What an error is about, and with that, who can do something about it. */
export type GraphErrorCategory =
  | "account"
  | "auth"
  | "media"
  | "parameter"
  | "permission"
  | "policy"
  | "rate_limit"
  | "recipient"
  | "service"
  | "template"
  | "unknown"
  | "window";

/**
 * What a sender does after an error.
 * - `retry`: refused before it was processed; this message again, others go on.
 * - `retry_recipient`: the same, and nothing else to this recipient from this number until then.
 * - `retry_number`: the same, and nothing else from this number until then.
 * - `pause_number`: nothing from this number will be taken until someone acts, or for a while.
 * - `pause_template`: the same for this template.
 * - `never`: refused, and will be again until someone changes the message.
 * - `unknown`: may have been sent. Sending again may send twice: the status webhook will tell.
 */
export type SendAction =
  | "retry"
  | "retry_recipient"
  | "retry_number"
  | "pause_number"
  | "pause_template"
  | "never"
  | "unknown";

/**
 * Whether the same request may be sent again: the action in short, for who sends one message alone.
 * - `now`: nothing has left this machine; send again after the usual backoff.
 * - `later`: refused before it was processed; send again, more slowly.
 * - `recipient_later`: the same, for this recipient only; others go on.
 * - `never`: refused, and will be again until someone changes something.
 * - `ambiguous`: may have been sent. Sending again may send twice: wait for the status webhook.
 */
export type RetryHint = "now" | "later" | "recipient_later" | "never" | "ambiguous";

export interface GraphErrorCode {
  code: number;
  category: GraphErrorCategory;
  action: SendAction;
  /** For an answer to a request. In a `failed` status nothing is ambiguous: that message did not arrive. */
  retry: RetryHint;
  meaning: string;
}

type Row = readonly [
  code: number,
  category: GraphErrorCategory,
  action: SendAction,
  meaning: string,
];

// Source: Meta's pages "Error codes" (Cloud API), "Marketing Messages API" and "Direct Send", autumn 2026.
const rows: readonly Row[] = [
  [0, "auth", "pause_number", "The access token could not be authenticated."],
  [190, "auth", "pause_number", "The access token has expired or was revoked."],

  [3, "permission", "pause_number", "The app may not call this method."],
  [10, "permission", "pause_number", "The permission was not granted or was removed."],
  [
    131005,
    "permission",
    "pause_number",
    "Access denied: the permission was not granted or was removed.",
  ],

  [1, "service", "unknown", "Unknown request, or a fault at Meta."],
  [2, "service", "unknown", "The service is down or overloaded for the moment."],
  [131000, "service", "unknown", "Something went wrong at Meta."],
  [131016, "service", "unknown", "The service is overloaded for the moment."],
  [133004, "service", "unknown", "The server is not available for the moment."],
  [2494100, "service", "unknown", "The number is in maintenance for the moment."],
  [
    131057,
    "service",
    "retry_number",
    "The account is in maintenance, as in a throughput upgrade (1 minute).",
  ],
  [
    134101,
    "service",
    "pause_template",
    "The template is being synced for marketing messages (10 minutes).",
  ],
  [134102, "service", "never", "The template is not available for marketing messages."],

  [4, "rate_limit", "retry_number", "The app has reached its API rate limit."],
  [
    80007,
    "rate_limit",
    "retry_number",
    "The WhatsApp Business Account has reached its API rate limit.",
  ],
  [130429, "rate_limit", "retry_number", "The number has reached its throughput."],
  [
    131056,
    "rate_limit",
    "retry_recipient",
    "Too many messages from this number to this recipient.",
  ],
  [131064, "rate_limit", "never", "The messaging limit for this kind of message is reached."],
  [133016, "rate_limit", "never", "Too many registrations of this number in a short time."],

  [
    131048,
    "policy",
    "pause_number",
    "Too many messages of this number were blocked or reported as spam.",
  ],
  [131049, "policy", "never", "Not sent, to keep engagement healthy; not before 24 hours."],
  [131031, "policy", "pause_number", "The account is locked."],
  [368, "policy", "pause_number", "The account is blocked for a policy violation."],
  [130497, "policy", "never", "This account may not send to this country."],
  [139200, "policy", "never", "Direct Send is blocked for this account."],
  [2388318, "policy", "never", "Direct Send refused this message."],
  [2388330, "policy", "never", "Direct Send refused this message."],

  [131047, "window", "never", "More than 24 hours since the customer wrote: send a template."],

  [131050, "recipient", "never", "The recipient has opted out of marketing messages."],
  [
    131026,
    "recipient",
    "never",
    "Undeliverable: not on WhatsApp, terms not accepted or an old client.",
  ],
  [130472, "recipient", "never", "The recipient is in an experiment and gets no marketing."],
  [130403, "recipient", "never", "The business has blocked this recipient."],
  [131021, "recipient", "never", "Sender and recipient are the same number."],
  [131030, "recipient", "never", "The recipient is not on the test number's allow-list."],
  [131062, "recipient", "never", "This message needs a phone number, not a user id."],
  [131020, "recipient", "never", "The group did not take the message, as when it has one member."],
  [
    137000,
    "recipient",
    "never",
    "The recipient's identity key does not match: they may have moved.",
  ],

  [33, "parameter", "never", "The object (number, message, media) does not exist or is not yours."],
  [100, "parameter", "never", "A parameter is missing, misspelt or wrong."],
  [131008, "parameter", "never", "A required parameter is missing."],
  [131009, "parameter", "never", "A parameter has a value that is not allowed."],
  [135000, "parameter", "never", "A parameter of the message is wrong."],
  [131051, "parameter", "never", "The message type is not supported."],
  [131055, "parameter", "never", "This endpoint takes marketing messages only."],
  [131063, "parameter", "never", "Marketing goes through the Marketing Messages API only."],
  [134100, "parameter", "never", "This endpoint takes marketing templates only."],

  [131052, "media", "never", "The media that the customer sent could not be downloaded."],
  [131053, "media", "never", "The media of this message could not be uploaded."],

  [132000, "template", "never", "The number of parameters differs from the template's."],
  [132001, "template", "never", "No such template, or not approved, in this language."],
  [132005, "template", "never", "The text is too long with its parameters filled in."],
  [132007, "template", "never", "The template's text breaks a policy."],
  [132012, "template", "never", "A parameter is not of the template's format."],
  [132015, "template", "pause_template", "The template is paused for low quality."],
  [132016, "template", "pause_template", "The template is disabled for low quality."],
  [132018, "template", "never", "A parameter of the template is wrong."],
  [132068, "template", "never", "The flow is blocked."],
  [132069, "template", "never", "The flow is throttled."],

  [131037, "account", "pause_number", "The number has no approved display name."],
  [131042, "account", "pause_number", "There is a problem with the payment method."],
  [131045, "account", "pause_number", "The number's certificate is wrong: register it again."],
  [133006, "account", "pause_number", "The number must be verified before it is registered."],
  [133010, "account", "pause_number", "The number is not registered."],
  [133015, "account", "pause_number", "The number was deleted a moment ago."],
  [134011, "account", "never", "The terms of service for payments are not accepted."],

  [131035, "service", "never", "No storage: a webhook could not be delivered in time and is gone."],
  [131036, "service", "never", "No storage: a device asked for a message that is gone."],
];

const HINTS: Readonly<Record<SendAction, RetryHint>> = {
  retry: "later",
  retry_recipient: "recipient_later",
  retry_number: "later",
  pause_number: "never",
  pause_template: "never",
  never: "never",
  unknown: "ambiguous",
};

/** Every code that is known, for the emulator and for documentation. The range 200 to 299 is not in it. */
export const graphErrorCodes: readonly GraphErrorCode[] = rows.map(
  ([code, category, action, meaning]) => describe({ code, category, action, meaning }),
);

function describe(entry: Omit<GraphErrorCode, "retry">): GraphErrorCode {
  return { ...entry, retry: HINTS[entry.action] };
}

const byCode = new Map(graphErrorCodes.map((entry) => [entry.code, entry]));

/** What Meta's error code means, or null where it is not known here. 200 to 299 are all permissions. */
export function findGraphErrorCode(code: number): GraphErrorCode | null {
  const known = byCode.get(code);
  if (known !== undefined) return known;
  if (!Number.isInteger(code) || code < 200 || code > 299) return null;
  return describe({
    code,
    category: "permission",
    action: "pause_number",
    meaning: "A permission is missing.",
  });
}
