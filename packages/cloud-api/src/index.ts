// Webhooks and the Graph API. What is sent is checked by ./outbound.ts, an entry of its own: its schemas take as
// long to set up as all of this, and a function that answers webhooks has no use for them.
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
  type SendAction,
} from "./graph/error-codes.ts";
export {
  GraphApiError,
  InvalidRequestError,
  MediaRefusedError,
  NetworkError,
  UnreadableResponseError,
  type GraphApiFailure,
  type GraphClientError,
} from "./graph/errors.ts";
export type { DownloadedMedia, DownloadOptions } from "./graph/download-media.ts";
export type { GraphMedia, MediaLocation, MediaOptions, UploadOptions } from "./graph/media.ts";
export {
  MAX_CALLBACK_DATA_CHARACTERS,
  type Recipient,
  type SendRequest,
  type SentMessage,
} from "./graph/messages.ts";
export type { UploadBody } from "./graph/multipart.ts";
export type { GraphNumber, GraphNumbers } from "./graph/numbers.ts";
export type { Fetch } from "./graph/request-json.ts";
export {
  decideSend,
  findSendPolicy,
  sendPolicies,
  type Attempt,
  type SendDecision,
  type SendError,
  type SendPolicy,
} from "./graph/send-policy.ts";
export type { GraphTemplates, ListedTemplate, TemplateListOptions } from "./graph/templates.ts";
export { exceedsDepth } from "./json/exceeds-depth.ts";
export { isJsonObject, type JsonObject, type JsonValue } from "./json/json.ts";
export { toStorable, toStorableText } from "./json/to-storable.ts";
export { signBody, verifySignature, type AppSecret, type SignatureResult } from "./signature.ts";
export { verifyHandshake, type HandshakeResult } from "./verification.ts";
export { GRAPH_API_VERSION } from "./version.ts";
export { compactEvent } from "./webhook/compact-event.ts";
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
