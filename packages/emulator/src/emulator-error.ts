/** What a caller of the control API did wrong; the HTTP status follows from the code. */
export type EmulatorErrorCode =
  | "choice_not_found"
  | "customer_not_found"
  | "delivery_not_found"
  | "invalid_input"
  | "not_found"
  | "not_listening"
  | "number_not_found"
  | "user_id_taken"
  | "webhook_url_missing";

/** An error of the control API. Meta's own errors are answers of the Graph endpoints, not exceptions. */
export class EmulatorError extends Error {
  override readonly name = "EmulatorError";
  readonly code: EmulatorErrorCode;

  constructor(code: EmulatorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
