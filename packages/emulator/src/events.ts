import type { ChatMessage, Customer, Group, LedgerEntry } from "./store/types.ts";
import type { DeliveryView } from "./webhook-sender.ts";
import type { SettingsView } from "./settings.ts";

/** What happens in an emulator, by name; the same names and payloads go out by SSE. */
export interface EmulatorEvents {
  /** Graph took a message. */
  accepted: LedgerEntry;
  /** A customer was added or changed. */
  customer: Customer;
  /** A group was made. */
  group: Group;
  /** A webhook was queued, tried, delivered or given up. */
  delivery: DeliveryView;
  /** A message was created or its status changed. */
  message: ChatMessage;
  /** Delays, webhook address, clock or planned failures changed. */
  settings: SettingsView;
  /** The business shows that it is typing, until the given time or its next message. */
  typing: { phone_number_id: string; phone: string; until: number };
}

/** The name of an event. */
export type EventName = keyof EmulatorEvents;
/** What takes an event of this name. */
export type EventHandler<K extends EventName> = (payload: EmulatorEvents[K]) => void;

/** Hands events to whoever listens. */
export interface Events {
  on<K extends EventName>(event: K, handler: EventHandler<K>): () => void;
  /** Listens to all events, ready to be written to a stream. */
  onAny(handler: (event: EventName, payload: unknown) => void): () => void;
  emit<K extends EventName>(event: K, payload: EmulatorEvents[K]): void;
  /** How many handlers are registered. */
  listeners(): number;
}

type Handlers = { [K in EventName]: Set<EventHandler<K>> };

/** Creates an emitter. A handler that throws is reported to `log` and does not stop the others. */
export function createEvents(log: (line: string) => void): Events {
  const handlers: Handlers = {
    accepted: new Set(),
    customer: new Set(),
    delivery: new Set(),
    group: new Set(),
    message: new Set(),
    settings: new Set(),
    typing: new Set(),
  };
  const any = new Set<(event: EventName, payload: unknown) => void>();
  const guard = (event: EventName, run: () => void) => {
    try {
      run();
    } catch (error) {
      // Only the kind: a handler's own message may quote the text it was given.
      log(`a handler of "${event}" threw ${error instanceof Error ? error.name : typeof error}`);
    }
  };
  return {
    on(event, handler) {
      handlers[event].add(handler);
      return () => void handlers[event].delete(handler);
    },
    onAny(handler) {
      any.add(handler);
      return () => void any.delete(handler);
    },
    emit(event, payload) {
      for (const handler of handlers[event]) guard(event, () => handler(payload));
      for (const handler of any) guard(event, () => handler(event, payload));
    },
    listeners: () =>
      Object.values(handlers).reduce((sum, set: Set<unknown>) => sum + set.size, any.size),
  };
}
