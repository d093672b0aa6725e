import { EmulatorError } from "./emulator-error.ts";
import { type Events, createEvents } from "./events.ts";
import { type Limits, createLimits } from "./graph/limits.ts";
import type { BusinessNumber, ResolvedOptions } from "./options.ts";
import { type Settings, createSettings } from "./settings.ts";
import { type Ledger, createLedger } from "./store/ledger.ts";
import { type MediaStore, createMediaStore } from "./store/media-store.ts";
import { type Store, createStore } from "./store/store.ts";
import type { ChatMessage, Customer, LedgerEntry, MessageStatus } from "./store/types.ts";
import { type TemplateStore, createTemplateStore } from "./templates/template.ts";
import { type Timers, createTimers } from "./timers.ts";
import { type WebhookSender, createWebhookSender } from "./webhook-sender.ts";

/** Where an emulator can be reached. */
interface Listening {
  /** `http://127.0.0.1:4010` */
  origin: string;
  /** Reachable from this machine only. */
  loopback: boolean;
  /** Refuses connections for so long. */
  goDown(down_ms: number): void;
}

/** What the parts of one emulator share. */
export interface Core {
  readonly options: ResolvedOptions;
  readonly settings: Settings;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly limits: Limits;
  readonly media: MediaStore;
  readonly templates: TemplateStore;
  readonly events: Events;
  readonly timers: Timers;
  readonly sender: WebhookSender;
  /** The clock, stopped or offset as the settings ask. */
  now(): number;
  /** Where the emulator listens; `null`: it does not. */
  listening(): Listening | null;
  setListening(listening: Listening | null): void;
  /** Aborted when the emulator closes. */
  readonly closed: AbortSignal;
  /** Ends timers, webhooks under way and event streams. */
  close(): Promise<void>;
  /** The number with this id; without one, the first. Throws `number_not_found`. */
  resolveNumber(phone_number_id?: string): BusinessNumber;
  /** By phone or user id. Throws `customer_not_found`. */
  resolveCustomer(key: string): Customer;
  putMessage(message: ChatMessage): void;
  addAccepted(entry: LedgerEntry): void;
  /** Moves a message forward; false where it is there already or further. */
  reach(id: string, status: MessageStatus, error?: ChatMessage["error"]): boolean;
}

/** How far each status is. */
export const RANK: Record<MessageStatus, number> = {
  accepted: 0,
  sent: 1,
  delivered: 2,
  read: 3,
  played: 4,
  failed: 5,
};

/** Builds the shared parts. */
export function createCore(options: ResolvedOptions): Core {
  const settings = createSettings(options);
  const now = () => {
    const { clock_ms, clock_offset_ms } = settings.current;
    return (clock_ms ?? options.now()) + clock_offset_ms;
  };
  const keep = () => settings.current.keep;
  const events = createEvents(options.log);
  const timers = createTimers();
  const store = createStore(options.numbers, keep);
  const ledger = createLedger(keep);
  const sender = createWebhookSender({
    app_secret: options.app_secret,
    webhookUrl: () => settings.current.webhook_url,
    disturbance: () => settings.current.webhooks,
    keep,
    retry: options.retry,
    now,
    timers,
    log: options.log,
    onChange: (delivery) => events.emit("delivery", delivery),
  });
  const closing = new AbortController();
  let listening: Listening | null = null;
  const putMessage = (message: ChatMessage) => {
    store.putMessage(message);
    events.emit("message", message);
  };
  return {
    options,
    settings,
    store,
    ledger,
    limits: createLimits({ now, limits: () => settings.current.limits }),
    media: createMediaStore(now),
    templates: createTemplateStore(),
    events,
    timers,
    sender,
    now,
    listening: () => listening,
    setListening: (at) => void (listening = at),
    closed: closing.signal,
    async close() {
      closing.abort();
      timers.close();
      await sender.close();
    },
    resolveNumber: (id) => resolveNumber(store, id),
    resolveCustomer: (key) => resolveCustomer(store, key),
    putMessage,
    addAccepted(entry) {
      ledger.add(entry);
      events.emit("accepted", entry);
    },
    reach(id, status, error) {
      const message = store.findMessage(id);
      if (!message || RANK[status] <= RANK[message.status]) return false;
      const times = { ...message.times, [status]: now() };
      putMessage({ ...message, status, times, error: error ?? message.error });
      return true;
    },
  };
}

function resolveNumber(store: Store, phone_number_id?: string): BusinessNumber {
  const numbers = store.numbers();
  const number = phone_number_id === undefined ? numbers[0] : store.findNumber(phone_number_id);
  if (number) return number;
  const ids = numbers.map((known) => known.phone_number_id).join(", ");
  throw new EmulatorError(
    "number_not_found",
    `no number ${phone_number_id}; the emulator has ${ids}`,
  );
}

function resolveCustomer(store: Store, key: string): Customer {
  const customer = store.findCustomer(key);
  if (customer) return customer;
  throw new EmulatorError(
    "customer_not_found",
    `no customer ${key}; add one with POST /emulator/customers`,
  );
}
