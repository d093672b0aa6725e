/**
 * libsignal 6.0.0 prints whole sessions, private ratchet keys among them, whenever it opens or closes one
 * (session_record.js). It has no setting for that, and asks the global console.
 */
const PRINTS_A_SESSION =
  /^(Closing session:|Opening session:|Removing old closed session:|Session already closed)/;

/** What libsignal writes for each message that it cannot decrypt; Baileys reports the same to its logger. */
const SAYS_IT_AGAIN =
  /^(Session error:|Failed to decrypt message with any known session|Session already open|Decrypted message with closed session|Closing open session in favor of incoming prekey bundle|Migrating session to:)/;

const METHODS = ["info", "warn", "error"] as const;

let is_quiet = false;

/** Lets none of libsignal's messages reach the console. Everybody else's pass. Done once in a process. */
export function keepSessionsOutOfTheConsole(): void {
  if (is_quiet) return;
  is_quiet = true;
  for (const method of METHODS) {
    const print = console[method];
    console[method] = (...values: unknown[]) => {
      const [first] = values;
      const is_libsignal =
        typeof first === "string" && (PRINTS_A_SESSION.test(first) || SAYS_IT_AGAIN.test(first));
      if (!is_libsignal) print.apply(console, values);
    };
  }
}
