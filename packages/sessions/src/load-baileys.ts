import type * as BaileysModule from "baileys";
import { SessionError } from "./errors.ts";
import { keepSessionsOutOfTheConsole } from "./connection/quiet-console.ts";

export type Baileys = typeof BaileysModule;

let loaded: Promise<Baileys> | null = null;

/**
 * Baileys, loaded when it is first needed: it is an optional peer dependency, and its libsignal is GPL-3.0.
 * @throws SessionError `no_baileys` where it is not installed
 */
export async function loadBaileys(): Promise<Baileys> {
  loaded ??= importBaileys();
  return await loaded;
}

async function importBaileys(): Promise<Baileys> {
  try {
    const baileys = await import("baileys");
    keepSessionsOutOfTheConsole();
    return baileys;
  } catch (cause) {
    loaded = null;
    if (!isMissing(cause)) throw cause;
    throw new SessionError(
      "no_baileys",
      "baileys: is not installed. WhatsApp-Web sessions need it: npm install baileys@7.0.0-rc14",
      { cause },
    );
  }
}

/** Baileys itself is not there; a package that Baileys misses is another matter. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "ERR_MODULE_NOT_FOUND" &&
    error.message.includes("'baileys'")
  );
}
