// Messages and templates before they are sent: builders, checks, summaries. Nothing here calls Meta.
export { outbound, type MediaSource } from "./outbound/build.ts";
export { formatIssues, issuesOf, type OutboundIssue } from "./outbound/issues.ts";
export * from "./outbound/limits.ts";
export {
  baseMimeType,
  checkMediaFile,
  mediaKindOf,
  mediaLimits,
  type MediaFile,
  type MediaKind,
  type MediaLimits,
} from "./outbound/media-files.ts";
export {
  MESSAGE_TYPES,
  parseOutboundMessage,
  type OutboundMessage,
  type ParsedOutboundMessage,
} from "./outbound/message.ts";
export { phoneSchema } from "./outbound/phone.ts";
export {
  checkRecipient,
  groupIdSchema,
  userIdSchema,
  type RecipientKind,
} from "./outbound/recipient.ts";
export { summaryOf } from "./outbound/summary.ts";
export type { TemplatePart } from "./outbound/template/template.ts";
export { checkTemplate } from "./template/check.ts";
export { parseTemplateDefinition, type TemplateDefinition } from "./template/definition.ts";
export {
  parseTemplateDraft,
  type ParsedTemplateDraft,
  type TemplateDraft,
} from "./template/draft.ts";
export { renderTemplate } from "./template/render.ts";
