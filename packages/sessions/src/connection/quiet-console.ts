/**
 * What libsignal 6.0.0 prints by the global console whenever it opens or closes a session, and for each message
 * that it cannot decrypt (Baileys reports the same to its logger). Its sessions hold private keys, and what captures
 * the console (Sentry, a JSON logger) takes them apart: so none of it is printed. There is no setting for that.
 */
const SAYS_LIBSIGNAL =
  /^(Closing session:|Opening session:|Removing old closed session:|Session already (open|closed)|Session error:|Failed to decrypt message with any known session|Decrypted message with closed session|Closing open session in favor of incoming prekey bundle|Migrating session to:)/;

const METHODS = ["info", "warn", "error"] as const;

let is_quiet = false;

/** Lets none of libsignal's messages reach the console; everybody else's pass. Done once in a process. */
export function keepLibsignalQuiet(): void {
  if (is_quiet) return;
  is_quiet = true;
  for (const method of METHODS) {
    const print = console[method];
    console[method] = (...values: unknown[]) => {
      const [first] = values;
      if (typeof first === "string" && SAYS_LIBSIGNAL.test(first)) return;
      print.apply(console, values);
    };
  }
}
