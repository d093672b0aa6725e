import { createRequire } from "node:module";
import { inspect } from "node:util";
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
    keepKeysOutOfLogs();
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

/** libsignal prints whole sessions by console.info («Closing session:»): from now on, without what is in them. */
function keepKeysOutOfLogs(): void {
  const libsignal: unknown = requireLibsignal();
  const entry = call(call(libsignal, "SessionRecord"), "createEntry");
  if (typeof entry !== "object" || entry === null) return;
  const prototype: object = Object.getPrototypeOf(entry);
  Object.defineProperty(prototype, inspect.custom, { value: () => "<SessionEntry>" });
}

function requireLibsignal(): unknown {
  // From where Baileys is: a package manager may hide it from us.
  const ofBaileys = createRequire(createRequire(import.meta.url).resolve("baileys"));
  return ofBaileys("libsignal");
}

function call(target: unknown, name: string): unknown {
  if ((typeof target !== "object" && typeof target !== "function") || target === null) return null;
  const member: unknown = Reflect.get(target, name);
  return name === "createEntry" && typeof member === "function" ? member.call(target) : member;
}
