import { AsyncLocalStorage } from "node:async_hooks";
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from "baileys";

/** What was written while a message was being decrypted. */
export interface Hold {
  /** What `work` writes is kept back. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** The message is safe: what was kept back may be written. */
  release(): void;
  /** The message is not: WhatsApp will send it again, and it must be possible to decrypt it then. */
  drop(): void;
}

type Found<Type extends keyof SignalDataTypeMap> = { [id: string]: SignalDataTypeMap[Type] };

interface Write {
  data: SignalDataSet;
  /** Null: nobody keeps it back, but it waits its turn. */
  hold: object | null;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/**
 * The keys as one socket sees them, in front of those of the session.
 *
 * A message that was decrypted once cannot be decrypted again: so what its decryption changes is not written before
 * the message itself is stored. Until then the socket alone sees it, and other writes of the same keys wait. If the process dies, WhatsApp sends the message again, and the keys on record still fit.
 *
 * A socket that has ended must not go on beside the next one, since both would move the same chains. It stops
 * reading first: whatever begins reads. What it still writes belongs to something that was under way.
 */
export class SocketKeys implements SignalKeyStore {
  /** In memory: answers at once. */
  private readonly keys: SignalKeyStore;
  private readonly context = new AsyncLocalStorage<object>();
  private readonly held = new Set<object>();
  private readonly waiting: Write[] = [];
  private may_read = true;
  private may_write = true;

  constructor(keys: SignalKeyStore) {
    this.keys = keys;
  }

  get<Type extends keyof SignalDataTypeMap>(
    type: Type,
    ids: string[],
  ): Found<Type> | Promise<Found<Type>> {
    if (!this.may_read) throw new Error("this socket has ended");
    const known = this.keys.get(type, ids);
    // Memory answers at once, so that both are of one moment: what is handed on in between is seen in one of them.
    if (known instanceof Promise) return known.then((found) => this.withWaiting(type, ids, found));
    return this.withWaiting(type, ids, known);
  }

  private withWaiting<Type extends keyof SignalDataTypeMap>(
    type: Type,
    ids: string[],
    known: Found<Type>,
  ): Found<Type> {
    if (this.waiting.length === 0) return known;
    const found = { ...known };
    for (const { data } of this.waiting) {
      const written: { [id: string]: SignalDataTypeMap[Type] | null } = data[type] ?? {};
      for (const id of ids) {
        const value = written[id];
        if (value === null) delete found[id];
        else if (value !== undefined) found[id] = value;
      }
    }
    return found;
  }

  async set(data: SignalDataSet): Promise<void> {
    if (!this.may_write) throw new Error("this socket has ended");
    const hold = this.context.getStore() ?? null;
    const is_held = hold !== null && this.held.has(hold);
    const write = { data, hold: is_held ? hold : null };
    if (!is_held && !this.mustWait(write, this.waiting)) return await this.keys.set(data);
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ ...write, resolve, reject });
      // Baileys must not wait for what is kept back: the message would wait for its own decryption.
      if (is_held) resolve();
    });
  }

  hold(): Hold {
    const hold = {};
    this.held.add(hold);
    return {
      run: async (work) => await this.context.run(hold, work),
      release: () => {
        this.held.delete(hold);
        this.pass();
      },
      drop: () => {
        this.held.delete(hold);
        const kept = this.waiting.filter((write) => write.hold !== hold);
        this.waiting.splice(0, this.waiting.length, ...kept);
        this.pass();
      },
    };
  }

  stopReading(): void {
    this.may_read = false;
  }

  /**
   * From now on nothing is written. What is kept back is forgotten; what waited behind it goes through: a message
   * that has left must be on record, or its key would be used again.
   */
  stopWriting(): void {
    const others = this.waiting.filter(({ hold }) => hold === null);
    this.held.clear();
    this.waiting.splice(0, this.waiting.length, ...others);
    this.pass();
    this.may_write = false;
  }

  /** Hands on whatever waits for nobody any more, from the oldest on. */
  private pass(): void {
    const still_waiting: Write[] = [];
    for (const write of this.waiting.splice(0)) {
      if (this.mustWait(write, still_waiting)) still_waiting.push(write);
      // The keys take it into memory before they wait for anything: the order stays.
      else Promise.resolve(this.keys.set(write.data)).then(write.resolve, write.reject);
    }
    this.waiting.push(...still_waiting);
  }

  /** It is kept back, or an earlier write of one of its keys is. Others go by: to store a message may need them. */
  private mustWait({ data, hold }: Pick<Write, "data" | "hold">, earlier: Write[]): boolean {
    return (
      (hold !== null && this.held.has(hold)) || earlier.some((write) => share(data, write.data))
    );
  }
}

function share(one: SignalDataSet, other: SignalDataSet): boolean {
  const others: Record<string, object | undefined> = other;
  return Object.entries(one).some(([type, values]) =>
    Object.keys(values ?? {}).some((id) => id in (others[type] ?? {})),
  );
}
