import type { AuthenticationCreds, AuthenticationState, SignalKeyStore } from "baileys";
import { defaultBackend } from "../backend.ts";
import { type Baileys, loadBaileys } from "../baileys.ts";
import { SessionError } from "../errors.ts";
import { parseValue, stringifyValue } from "../signal/buffer-json.ts";
import { hasSentToGroupSince } from "../signal/sender-key.ts";
import { hasSentSince, trimChains } from "../signal/session-record.ts";
import { type Changes, CREDS, entryKey } from "./entries.ts";
import { openSession } from "./open-session.ts";
import type { SessionStore } from "./session-store.ts";
import type { AuthStateHandle, AuthStateOptions } from "./types.ts";

const DEFAULT_KEEP_CHAINS = 20;

/**
 * A WhatsApp-Web session that survives its process: for `makeWASocket({ auth: handle.state })`.
 *
 *   const { state, saveCreds, signal } = await useSupabaseAuthState(tenant, "main");
 *   const socket = makeWASocket({ auth: state });
 *   socket.ev.on("creds.update", saveCreds);
 *   signal.addEventListener("abort", () => socket.end(undefined));
 *
 * A session that cannot be read is an error, never a new one: that would cost the linked device.
 * @throws SessionError, whose code says why and whose message what to do
 */
export async function useSupabaseAuthState(
  tenant: string,
  session = "main",
  options: AuthStateOptions = {},
): Promise<AuthStateHandle> {
  const { backend, durability = "smart", keep_chains = DEFAULT_KEEP_CHAINS, ...rest } = options;
  const baileys = await loadBaileys();
  const store = await openSession(backend ?? defaultBackend(), { tenant, session }, rest);
  const known = store.get(CREDS);
  if (known === null && store.stats().keys > 0) {
    await store.close();
    const problem = `Session ${tenant}/${session} has keys and no creds: they were never saved`;
    const fix = 'Wire socket.ev.on("creds.update", saveCreds); delete this session and pair again';
    throw new SessionError("missing", `${problem}. ${fix}.`);
  }
  const creds = known === null ? baileys.initAuthCreds() : parseCreds(known);
  const keys = createKeyStore(store, { baileys, keep_chains, is_sync: durability === "sync" });
  const { epoch, signal, events, flush, close, stats } = store;
  return {
    tenant,
    session,
    epoch,
    signal,
    events,
    flush,
    close,
    stats,
    delete: store.delete,
    is_new: known === null,
    state: { creds, keys } satisfies AuthenticationState,
    saveCreds: () => store.write(new Map([[CREDS, stringifyValue(creds)]]), true),
  };
}

interface KeyStoreOptions {
  baileys: Baileys;
  keep_chains: number;
  is_sync: boolean;
}

function createKeyStore(
  store: SessionStore,
  { baileys, keep_chains, is_sync }: KeyStoreOptions,
): SignalKeyStore {
  const { AppStateSyncKeyData } = baileys.proto.Message;
  const read = (type: string, json: string): unknown => {
    const value = parseValue(json);
    // create() would leave its bytes as base64 text, and app state would be fetched for ever.
    return type === "app-state-sync-key" && isRecord(value)
      ? AppStateSyncKeyData.fromObject(value)
      : value;
  };
  return {
    get: (type, ids) => {
      const found: Record<string, never> = {};
      for (const id of ids) {
        const json = store.get(entryKey(type, id));
        if (json !== null) Object.assign(found, { [id]: read(type, json) });
      }
      return found;
    },
    set: (data) => {
      const changes: Changes = new Map();
      let is_durable = is_sync;
      // All of it before any of it: a value that cannot be written must not leave half a set() behind.
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values ?? {})) {
          const key = entryKey(type, id);
          const json = value === null || value === undefined ? null : stringifyValue(value);
          const kept = json !== null && type === "session" ? trimChains(json, keep_chains) : json;
          is_durable ||= mustBeDurable(type, store.get(key), kept);
          changes.set(key, kept);
        }
      }
      return store.write(changes, is_durable);
    },
    clear: () => {
      const keys = Array.from(store.keys()).filter((key) => key !== CREDS);
      return store.write(new Map(keys.map((key) => [key, null])), true);
    },
  };
}

/**
 * Whether losing this write would cost something. The private half of a pre-key whose public half is with
 * WhatsApp, a number that was used to encrypt, and a key of the app state are nowhere else. What a received
 * message changes comes again with the message, and is better written a little late than before Baileys has
 * told WhatsApp that it got it.
 */
function mustBeDurable(type: string, before: string | null, after: string | null): boolean {
  if (after === null) return false;
  switch (type) {
    case "pre-key":
    case "app-state-sync-key":
      return true;
    case "session":
      return hasSentSince(before, after);
    case "sender-key":
      return hasSentToGroupSince(before, after);
    default:
      return false;
  }
}

function parseCreds(json: string): AuthenticationCreds {
  const value = parseValue(json);
  if (!isCreds(value)) throw new TypeError("the creds are not what Baileys writes");
  return value;
}

function isCreds(value: unknown): value is AuthenticationCreds {
  return isRecord(value) && "noiseKey" in value && "signedIdentityKey" in value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
