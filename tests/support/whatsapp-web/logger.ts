import type { SocketConfig } from "baileys";

type Logger = SocketConfig["logger"];

/** Hears everything that Baileys would log, at its lowest level, and keeps it for a test to search. */
export function recordingLogger(lines: string[]): Logger {
  const note = (fields: unknown, text?: string): void => {
    lines.push(`${text ?? ""} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = {
    level: "trace",
    child: () => logger,
    trace: note,
    debug: note,
    info: note,
    warn: note,
    error: note,
  };
  return logger;
}

export function silentLogger(): Logger {
  const nothing = (): void => {};
  const logger: Logger = {
    level: "silent",
    child: () => logger,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
  };
  return logger;
}
