import type { SocketConfig } from "baileys";

export type BaileysLogger = SocketConfig["logger"];

/** Where a line of a session goes. Lines hold no key, no QR code, no message and no phone number. */
export type LogLine = (level: "warn" | "error", line: string) => void;

/** connectSession says why a connection ended, and only where it is worth a line; a new session has no name yet. */
const IGNORED = /^(stream errored out|no name present)/;
const LONG_NUMBER = /\d{6,}/g;

/**
 * Baileys logs whole stanzas, handshakes and message keys as fields of its lines. Of a warning or an error this
 * passes on the sentence alone, without the numbers of people.
 */
export function createBaileysLogger(log: LogLine): BaileysLogger {
  const say =
    (level: "warn" | "error") =>
    (fields: unknown, text?: string): void => {
      if (IGNORED.test(text ?? "")) return;
      const sentence = text ?? (typeof fields === "string" ? fields : "");
      if (sentence !== "") log(level, `baileys: ${sentence.replaceAll(LONG_NUMBER, "…")}`);
    };
  const nothing = (): void => {};
  const logger: BaileysLogger = {
    level: "warn",
    child: () => logger,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: say("warn"),
    error: say("error"),
  };
  return logger;
}
