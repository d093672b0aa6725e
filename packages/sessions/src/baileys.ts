import type * as BaileysModule from "baileys";
import { keepLibsignalQuiet } from "./connection/quiet-console.ts";
import { SessionError } from "./errors.ts";

export type Baileys = typeof BaileysModule;

let loading: Promise<Baileys> | null = null;

/**
 * Baileys, when something needs it. It is an optional peer dependency: its libsignal is GPL-3.0, and this package
 * is MIT, so that who only moves, lists or verifies sessions need not have it.
 * @throws SessionError with code `no_baileys`
 */
export async function loadBaileys(): Promise<Baileys> {
  return await (loading ??= load());
}

async function load(): Promise<Baileys> {
  try {
    const baileys = await import("baileys");
    keepLibsignalQuiet();
    return baileys;
  } catch (cause) {
    loading = null;
    throw new SessionError(
      "no_baileys",
      "baileys: cannot be loaded. npm install baileys@7.0.0-rc14",
      {
        cause,
      },
    );
  }
}
