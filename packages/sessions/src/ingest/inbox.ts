import type { BaileysEventMap, WAMessage, WASocket } from "baileys";
import type { AuthStateHandle } from "../auth-state/types.ts";
import type { LogLine } from "../connection/baileys-logger.ts";
import type { SessionListener } from "../connection/connect-session.ts";
import type { SessionReport } from "../connection/connection-events.ts";
import type { Baileys } from "../baileys.ts";
import { findAdminRevocations } from "./admin-revocations.ts";
import { collectEvents } from "./collect-event.ts";
import { collectMessage, collectUndecryptable } from "./collect-message.ts";
import type { Collected } from "./collected.ts";
import { WEB_OBJECT, type WebJournal, type WebMessageItem } from "./journal.ts";
import { readPerson } from "./people.ts";
import type { Reporter, SessionRecords, WebNumber } from "./session-records.ts";
import { createStoreQueue, type StoreQueue } from "./store-queue.ts";
import { translateWebJournal } from "./translate.ts";
import { WhoIsWho } from "./who-is-who.ts";

export interface InboxOptions {
  records: SessionRecords;
  reporter: Reporter;
  log: LogLine;
}

/** Items of one transaction. */
const MAX_ITEMS = 200;
/** How long closing waits for a database that does not answer: WhatsApp keeps what it was not told of. */
const DRAIN_MS = 15_000;
/** So many ids are remembered. */
const MAX_REMEMBERED = 2_000;

/**
 * Carries what a session hears into the same tables as Meta's webhooks, and where it stands into
 * whatsapp_sessions.
 */
export class Inbox implements SessionListener {
  private readonly baileys: Baileys;
  private readonly handle: AuthStateHandle;
  private readonly options: InboxOptions;
  private readonly who = new WhoIsWho();
  /** Stored when they were decrypted; Baileys tells of each once more. */
  private readonly stored = new Set<string>();
  /** Ids of the outbox: their rows are there already. */
  private readonly own = new Set<string>();
  private readonly ended = new AbortController();
  private readonly items: StoreQueue<Collected>;
  private readonly reports: StoreQueue<SessionReport>;
  private socket: WASocket | null = null;
  private number: WebNumber | null = null;
  private phone = "";

  constructor(baileys: Baileys, handle: AuthStateHandle, options: InboxOptions) {
    this.baileys = baileys;
    this.handle = handle;
    this.options = options;
    const queue = { signal: this.ended.signal };
    this.items = createStoreQueue<Collected>({
      ...queue,
      max_items: MAX_ITEMS,
      store: async (items) => await this.store(items),
      onFailure: (error) => this.warn("could not store what it heard", error),
    });
    this.reports = createStoreQueue<SessionReport>({
      ...queue,
      max_items: 1,
      store: async ([report]) => await this.write(report),
      onFailure: (error) => this.warn("could not report its state", error),
    });
  }

  async begin(phone: string | null): Promise<void> {
    this.phone = phone ?? "";
    // The number must be known before anything comes for it.
    await this.reports.idle();
    this.ended.signal.throwIfAborted();
  }

  attach(socket: WASocket): void {
    this.socket = socket;
  }

  async message(message: WAMessage): Promise<void> {
    const origin = message.key.fromMe === true ? "echo" : "live";
    const collected = collectMessage(this.baileys, message, origin);
    if (collected === null) return;
    await this.items.add(collected);
    remember(this.stored, keyText(message));
  }

  events(events: Partial<BaileysEventMap>): void {
    for (const message of events["messages.upsert"]?.messages ?? []) this.upsert(message, "live");
    const history = events["messaging-history.set"];
    for (const { lid, pn } of history?.lidPnMappings ?? []) this.learn(lid, pn);
    for (const message of history?.messages ?? []) this.upsert(message, "history");
    const mapping = events["lid-mapping.update"];
    if (mapping !== undefined) this.learn(mapping.lid, mapping.pn);
    for (const collected of collectEvents(events)) this.add(collected);
  }

  report(report: SessionReport): void {
    this.reports.add(report).catch(() => {});
  }

  ignore(message_id: string): void {
    remember(this.own, message_id);
  }

  async drain(): Promise<void> {
    const all = Promise.all([this.items.idle(), this.reports.idle()]);
    let timer: NodeJS.Timeout | undefined;
    const term = new Promise<void>((resolve) => (timer = setTimeout(resolve, DRAIN_MS)));
    await Promise.race([all, term]);
    clearTimeout(timer);
  }

  end(): void {
    this.ended.abort(new Error("the session has ended"));
  }

  private upsert(message: WAMessage, origin: WebMessageItem["origin"]): void {
    if (this.stored.has(keyText(message)) || this.own.has(message.key.id ?? "")) return;
    const collected =
      collectUndecryptable(this.baileys, message) ?? collectMessage(this.baileys, message, origin);
    if (collected !== null) this.add(collected);
  }

  /** WhatsApp does not wait for these. */
  private add(collected: Collected): void {
    this.items.add(collected).catch(() => {});
  }

  private learn(lid: string, phone_jid: string): void {
    const hidden = readPerson(lid)?.lid;
    const phone = readPerson(phone_jid)?.phone;
    if (hidden && phone) this.who.learn({ lid: hidden, phone });
  }

  private async store(collected: Collected[]): Promise<void> {
    const { number, socket, who } = this;
    if (number === null) throw new Error("the session's number is not known yet");
    const people = await who.resolve(collected, socket);
    const items = await findAdminRevocations(
      collected.map(({ item }) => item),
      socket,
    );
    const lid = readPerson(this.handle.state.creds.me?.lid ?? "")?.lid ?? null;
    const journal: WebJournal = {
      object: WEB_OBJECT,
      phone_number_id: number.phone_number_id,
      display_phone_number: `+${this.phone}`,
      me: { phone: this.phone, lid },
      people,
      items,
    };
    const { records, reporter } = this.options;
    const news = who.takeNews();
    try {
      // First: a message of somebody who was known by a hidden identity alone goes to that same contact.
      if (news.length > 0) await records.linkPeople(reporter.tenant_id, news);
      const { events } = translateWebJournal(journal);
      if (events.length > 0) await records.store({ body: JSON.stringify(journal), events });
    } catch (error) {
      who.giveBack(news);
      throw error;
    }
  }

  private async write(report: SessionReport | undefined): Promise<void> {
    if (report === undefined) return;
    const { records, reporter } = this.options;
    this.number = (await records.report(reporter, report)) ?? this.number;
  }

  private warn(what: string, error: unknown): void {
    const code = error instanceof Error && "code" in error ? String(error.code) : "error";
    this.options.log("warn", `session ${this.handle.session}: ${what} (${code}); trying again`);
  }
}

function keyText({ key }: WAMessage): string {
  return `${key.fromMe === true} ${key.remoteJid} ${key.participant ?? ""} ${key.id}`;
}

/** Forgets the oldest. */
function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  if (ids.size <= MAX_REMEMBERED) return;
  const [oldest] = ids;
  if (oldest !== undefined) ids.delete(oldest);
}
