/** Numbers from 16 digits on may be above 2^53, where JSON.parse rounds them to another template's id. */
const LARGE_TEMPLATE_ID = /("message_template_id"\s*:\s*)(\d{16,})/g;

/**
 * The JSON of a webhook's body for parseWebhook, or undefined where it is none. Meta writes template ids as
 * numbers; the large ones are read as text. Inside a string the key's quotes are escaped, so no text of a
 * message is touched.
 */
export function readWebhookJson(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(LARGE_TEMPLATE_ID, '$1"$2"'));
  } catch {
    return undefined;
  }
}
