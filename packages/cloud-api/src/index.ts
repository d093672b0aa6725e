export { describeIssues } from "./describe-issues.ts";
export {
  createGraphClient,
  type GraphClient,
  type GraphClientOptions,
  type MarkReadOptions,
  type SendTextOptions,
} from "./graph/client.ts";
export {
  findGraphErrorCode,
  graphErrorCodes,
  type GraphErrorCategory,
  type GraphErrorCode,
  type RetryHint,
} from "./graph/error-codes.ts";
export {
  GraphApiError,
  InvalidRequestError,
  NetworkError,
  UnreadableResponseError,
  type GraphApiFailure,
  type GraphClientError,
} from "./graph/errors.ts";
export {
  MAX_CALLBACK_DATA_CHARACTERS,
  type OutboundMessage,
  type Recipient,
  type SentMessage,
} from "./graph/messages.ts";
export type { Fetch } from "./graph/post-json.ts";
export { exceedsDepth } from "./json/exceeds-depth.ts";
export { isJsonObject, type JsonObject, type JsonValue } from "./json/json.ts";
export { toStorable, toStorableText } from "./json/to-storable.ts";
export { phoneSchema } from "./outbound/phone.ts";
export { MAX_TEXT_CHARACTERS, textMessageSchema, type TextMessage } from "./outbound/text.ts";
export { signBody, verifySignature, type AppSecret, type SignatureResult } from "./signature.ts";
export { verifyHandshake, type HandshakeResult } from "./verification.ts";
export { GRAPH_API_VERSION } from "./version.ts";
export type {
  AccountEvent,
  CallEvent,
  ContactIdentity,
  ContactSyncEvent,
  DeliveryStatus,
  Direction,
  EditEvent,
  EventSource,
  GroupEvent,
  HandoverEvent,
  MessageEvent,
  Origin,
  OtherEvent,
  ParsedWebhook,
  PreferenceEvent,
  RevokeEvent,
  StatusError,
  StatusEvent,
  StatusRecipient,
  TemplateEvent,
  WebhookEvent,
} from "./webhook/events.ts";
export { readMessageBody } from "./webhook/items/message-body.ts";
export { MAX_BODY_DEPTH, MAX_WEBHOOK_BYTES } from "./webhook/limits.ts";
export { parseWebhook } from "./webhook/parse-webhook.ts";
export { readWebhookJson } from "./webhook/read-json.ts";
