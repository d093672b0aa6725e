/** Largest webhook body, in bytes. Meta: "payloads can be up to 3 MB" (webhooks overview). */
export const MAX_WEBHOOK_BYTES = 3 * 1024 * 1024;

/** Deepest nesting of a body that is worth parsing. Ours: Meta's own bodies stay under about 15 levels. */
export const MAX_BODY_DEPTH = 200;
