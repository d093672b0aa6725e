import { EventEmitter } from "node:events";
import {
  BufferJSON,
  initAuthCreds,
  type AuthenticationState,
  type SignalDataTypeMap,
} from "baileys";
import { SessionError } from "../../../packages/sessions/src/errors.ts";
import type {
  AuthStateHandle,
  SessionEvents,
} from "../../../packages/sessions/src/auth-state/types.ts";

/** Keys in memory, kept as text as a store must: what is read is never the object that was written. */
export function memoryKeys(): AuthenticationState["keys"] {
  const values = new Map<string, string>();
  return {
    get<Type extends keyof SignalDataTypeMap>(type: Type, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[Type] } = {};
      for (const id of ids) {
        const text = values.get(`${type} ${id}`);
        if (text !== undefined) found[id] = JSON.parse(text, BufferJSON.reviver);
      }
      return found;
    },
    set(data) {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value === null) values.delete(`${type} ${id}`);
          else values.set(`${type} ${id}`, JSON.stringify(value, BufferJSON.replacer));
        }
      }
    },
  };
}

export interface MemoryAuthState extends AuthStateHandle {
  /** How often each was called. */
  readonly calls: { saveCreds: number; flush: number; close: number; delete: number };
  /** Another process takes the session over. */
  lose(): void;
}

/** An auth state that outlives sockets, not the process: for tests of what stands between it and Baileys. */
export function createMemoryAuthState(): MemoryAuthState {
  const events = new EventEmitter<SessionEvents>();
  const controller = new AbortController();
  const calls = { saveCreds: 0, flush: 0, close: 0, delete: 0 };
  const end = (): void => controller.abort(new SessionError("closed", "the session is closed"));
  return {
    tenant: "tenant",
    session: "main",
    epoch: 1,
    is_new: true,
    state: { creds: initAuthCreds(), keys: memoryKeys() },
    calls,
    saveCreds: async () => {
      calls.saveCreds += 1;
      controller.signal.throwIfAborted();
    },
    flush: async () => {
      calls.flush += 1;
      controller.signal.throwIfAborted();
    },
    close: async () => {
      calls.close += 1;
      end();
    },
    delete: async () => {
      calls.delete += 1;
      end();
    },
    lose: () => {
      const error = new SessionError("lease_lost", "session main: server-2 writes it now", {
        owner: "server-2",
      });
      controller.abort(error);
      events.emit("lost", error);
    },
    signal: controller.signal,
    events,
    stats: () => ({
      keys: 0,
      key_bytes: 0,
      appended: 0,
      tail_records: 0,
      tail_bytes: 0,
      snapshots: 0,
      skipped_ahead: 0,
    }),
  };
}
