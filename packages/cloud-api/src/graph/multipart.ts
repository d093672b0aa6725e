import { InvalidRequestError } from "./errors.ts";

/** Bytes to upload: in memory, in a Blob, or as they come. */
export type UploadBody = Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;

export interface UploadFile {
  body: UploadBody;
  mime_type: string;
  filename: string;
}

/** `type/subtype` with parameters, no line break: it becomes a header. */
const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+( *; *[\w.+-]+=("[^"\r\n]*"|[\w.+-]+))*$/;

/**
 * A form with a file, as multipart/form-data. What is in memory goes as a Blob, of which the length is known; a
 * stream goes as a stream, so that no file is held as a whole.
 */
export function multipartOf(fields: Record<string, string>, file: UploadFile) {
  if (!MIME_TYPE.test(file.mime_type)) {
    throw new InvalidRequestError("mime_type: must be as in image/jpeg; correct it");
  }
  const boundary = `wabase-${crypto.randomUUID()}`;
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\n${disposition(name)}\r\n\r\n${value}\r\n`,
  );
  const head =
    `${parts.join("")}--${boundary}\r\n${disposition("file", file.filename)}\r\n` +
    `Content-Type: ${file.mime_type}\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  return {
    content_type: `multipart/form-data; boundary=${boundary}`,
    content:
      file.body instanceof ReadableStream
        ? concatenate(head, file.body, tail)
        : new Blob([head, file.body, tail]),
  };
}

/** Quotes and line breaks as browsers write them in forms. */
function disposition(name: string, filename?: string): string {
  const quoted = filename?.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");
  const file = quoted === undefined ? "" : `; filename="${quoted}"`;
  return `Content-Disposition: form-data; name="${name}"${file}`;
}

function concatenate(
  head: string,
  body: ReadableStream<Uint8Array>,
  tail: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(head));
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) {
        controller.enqueue(value);
        return;
      }
      controller.enqueue(encoder.encode(tail));
      controller.close();
    },
    async cancel(reason) {
      await reader.cancel(reason);
    },
  });
}
