import * as z from "zod";

/** Storage's errors: HTTP 400 whatever it is, the true status in the body. */
export function storageError(statusCode: number, error: string, message: string): Response {
  const code = CODE_OF_ERROR[error] ?? error;
  return Response.json({ statusCode: String(statusCode), code, error, message }, { status: 400 });
}

const errorSchema = z.object({
  statusCode: z.coerce.string(),
  error: z.string(),
  message: z.string(),
});

/** Gives an error of Lite's the `code` that storage-js looks at, and the message that hosted has. */
export async function mendStorageError(response: Response): Promise<Response> {
  if (response.status < 400) return response;
  const body: unknown = await response.json().catch(() => null);
  const parsed = errorSchema.safeParse(body);
  if (!parsed.success) return Response.json(body, { status: response.status });
  const { statusCode, error, message } = parsed.data;
  const code = CODE_OF_ERROR[error] ?? error;
  return Response.json(
    { statusCode, code, error, message: mendMessage(code, message) },
    { status: response.status },
  );
}

/** From Storage's `error` to its `code`. */
const CODE_OF_ERROR: Record<string, string> = {
  "Bucket not found": "NoSuchBucket",
  Duplicate: "KeyAlreadyExists",
  "Invalid key": "InvalidKey",
  "Payload too large": "EntityTooLarge",
  Unauthorized: "AccessDenied",
  invalid_mime_type: "InvalidMimeType",
  not_found: "NoSuchKey",
};

function mendMessage(code: string, message: string): string {
  if (code === "EntityTooLarge") return "The object exceeded the maximum allowed size";
  if (code === "InvalidMimeType") return message.replace(/\. Supported: .*$/, "");
  return message;
}
