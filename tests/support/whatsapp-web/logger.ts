import type { SocketConfig } from "baileys";

type Logger = SocketConfig["logger"];

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
