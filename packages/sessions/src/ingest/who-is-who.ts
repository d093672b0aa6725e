import { setTimeout as sleep } from "node:timers/promises";
import type { WASocket } from "baileys";
import type { Collected } from "./collected.ts";
import type { Pair } from "./journal.ts";
import { readPerson } from "./people.ts";

/** Baileys may ask WhatsApp, and wait a minute for an answer. */
const MAX_ASKING_MS = 5_000;
/** So many people are remembered; Baileys knows the others. */
const MAX_REMEMBERED = 5_000;

/** Finds the phone behind a hidden identity, and the other way round. */
export class WhoIsWho {
  private phones = new Map<string, string>();
  private lids = new Map<string, string>();
  /** Those that the database has not been told of. */
  private news: Pair[] = [];

  learn({ lid, phone }: Pair): void {
    if (this.phones.get(lid) === phone) return;
    if (this.phones.size >= MAX_REMEMBERED) {
      this.phones = new Map();
      this.lids = new Map();
    }
    this.phones.set(lid, phone);
    this.lids.set(phone, lid);
    this.news.push({ lid, phone });
  }

  takeNews(): Pair[] {
    return this.news.splice(0);
  }

  /** What could not be told after all. */
  giveBack(news: Pair[]): void {
    this.news.unshift(...news);
  }

  /** Whoever is mentioned in these, as far as anybody knows. */
  async resolve(collected: Collected[], socket: WASocket | null): Promise<Pair[]> {
    for (const { pairs } of collected) for (const pair of pairs) this.learn(pair);
    const found = new Map<string, Pair>();
    for (const jid of new Set(collected.flatMap(({ jids }) => jids))) {
      const pair = await this.find(jid, socket);
      if (pair !== null) found.set(pair.lid, pair);
    }
    return [...found.values()];
  }

  private async find(jid: string, socket: WASocket | null): Promise<Pair | null> {
    const person = readPerson(jid);
    if (person === null) return null;
    const known = this.recall(person);
    if (known !== null || socket === null) return known;
    const { lidMapping } = socket.signalRepository;
    try {
      const other = await Promise.race([
        person.phone === null
          ? lidMapping.getPNForLID(jid)
          : lidMapping.getLIDForPN(`${person.phone}@s.whatsapp.net`),
        sleep(MAX_ASKING_MS, null, { ref: false }),
      ]);
      const counterpart = readPerson(other ?? "");
      const lid = person.lid ?? counterpart?.lid;
      const phone = person.phone ?? counterpart?.phone;
      if (lid && phone) this.learn({ lid, phone });
    } catch {
      // The connection ended while WhatsApp was asked: the half that we know must do.
    }
    return this.recall(person);
  }

  private recall({ lid, phone }: { lid: string | null; phone: string | null }): Pair | null {
    if (lid !== null) {
      const known = this.phones.get(lid);
      return known === undefined ? null : { lid, phone: known };
    }
    const known = phone === null ? undefined : this.lids.get(phone);
    return known === undefined || phone === null ? null : { lid: known, phone };
  }
}
