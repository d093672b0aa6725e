/** How a socket ended. */
export interface Closing {
  /** WhatsApp's number: 401 logged out, 440 replaced, 515 restart, …; 0 where there is none. */
  code: number;
  /** For people: what happened, without names, numbers or keys. */
  reason: string;
  /** WhatsApp itself said so, inside the encrypted channel. False: the network, a proxy, or ourselves. */
  is_from_whatsapp: boolean;
}

/** WhatsApp's numbers. Of those that Baileys does not name, whatsmeow's meaning. */
export const CLOSING = {
  logged_out: 401,
  temporarily_banned: 402,
  forbidden: 403,
  client_outdated: 405,
  unknown_logout: 406,
  timed_out: 408,
  multidevice_mismatch: 411,
  replaced: 440,
  unavailable: 503,
  restart_required: 515,
} as const;

const REASONS: Record<number, string> = {
  401: "logged out: the device was removed on the phone",
  402: "the account is banned for a time",
  403: "the account is banned, or its phone has left WhatsApp",
  405: "WhatsApp refuses this version of Baileys: update it",
  406: "WhatsApp does not know this device any more",
  408: "the connection timed out",
  411: "the phone must be updated before it can link devices",
  428: "the connection was closed",
  440: "another program has connected with the same keys",
  500: "WhatsApp ended the stream",
  503: "WhatsApp is not available",
  515: "WhatsApp asks for a new connection",
};

/** Reads the error of a `connection.update` with `connection: "close"`. */
export function readClosing(error: unknown): Closing {
  if (!(error instanceof Error)) {
    return { code: 0, reason: "the connection was closed", is_from_whatsapp: false };
  }
  const code = statusCodeOf(error);
  // Baileys gives an HTTP answer of 401, a proxy's say, the same number as a log-out.
  const is_from_whatsapp = /^(Stream Errored|Connection Failure)/.test(error.message);
  const is_known = is_from_whatsapp || !(code in REASONS) || code === 408 || code === 428;
  const reason = is_known
    ? (REASONS[code] ?? "the connection failed")
    : `the connection failed (${code})`;
  return { code, reason, is_from_whatsapp };
}

function statusCodeOf(error: Error): number {
  if (!("output" in error)) return 0;
  const { output } = error;
  if (typeof output !== "object" || output === null || !("statusCode" in output)) return 0;
  return typeof output.statusCode === "number" ? output.statusCode : 0;
}
