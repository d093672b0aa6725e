import { randomBytes } from "node:crypto";
import { initAuthCreds, type SignalDataSet, type SignalKeyStore } from "baileys";
import { parseValue, stringifyValue } from "../../packages/sessions/src/signal/buffer-json.ts";
import {
  createSignalPeer,
  type SignalPeer,
} from "../../packages/sessions/src/test-support/signal-peer.ts";

/** One call of Baileys': a set() of values by type and id, as JSON (null: removed), or the creds. */
export interface TraceEvent {
  /** Milliseconds since the start. */
  at: number;
  part: "pairing" | "messages" | "backlog";
  creds: string | null;
  values: [type: string, id: string, json: string | null][];
}

const ME = "111111111111@s.whatsapp.net";
const PHONE = "111111111112@s.whatsapp.net";
const GROUP = "120363000000000001@g.us";

/** The same each time, so that runs compare. */
function createDice(): { next: () => number; pause: (mean_ms: number) => number } {
  let seed = 11;
  const next = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  return { next, pause: (mean_ms) => -Math.log(1 - next()) * mean_ms };
}

function createMemoryKeys(onSet: (values: TraceEvent["values"]) => void): SignalKeyStore {
  const all = new Map<string, string>();
  return {
    get: (type, ids) => {
      const found: Record<string, never> = {};
      for (const id of ids) {
        const json = all.get(`${type} ${id}`);
        if (json !== undefined) Object.assign(found, { [id]: parseValue(json) });
      }
      return found;
    },
    set: (data) => {
      const values: TraceEvent["values"] = [];
      for (const [type, ids] of Object.entries(data)) {
        for (const [id, value] of Object.entries(ids ?? {})) {
          const json = value === null ? null : stringifyValue(value);
          values.push([type, id, json]);
          if (json === null) all.delete(`${type} ${id}`);
          else all.set(`${type} ${id}`, json);
        }
      }
      onSet(values);
    },
  };
}

function createPeer(jid: string, onSet: (values: TraceEvent["values"]) => void = () => {}) {
  const creds = initAuthCreds();
  creds.me = { id: jid };
  const state = { creds, keys: createMemoryKeys(onSet) };
  return { creds, ...createSignalPeer({ jid, state, saveCreds: async () => {} }) };
}

interface Recording {
  events: TraceEvent[];
  us: ReturnType<typeof createPeer>;
  clock: { at: number; part: TraceEvent["part"] };
  saveCreds: () => void;
  set: (data: SignalDataSet) => Promise<void>;
}

/**
 * What Baileys 7.0.0-rc14 writes while a phone pairs (812 pre-keys, history's names, app state), over `messages`
 * messages, and over a backlog of 300 at once. Sessions, pre-keys and our sender key are real Signal code; app
 * state, names and others' sender keys are of the sizes that were measured.
 */
export async function recordTrace(messages: number): Promise<TraceEvent[]> {
  const recording = startRecording();
  await pair(recording);
  await talk(recording, messages);
  return recording.events;
}

function startRecording(): Recording {
  const events: TraceEvent[] = [];
  const clock: Recording["clock"] = { at: 0, part: "pairing" };
  const us = createPeer(ME, (values) => void events.push({ ...clock, creds: null, values }));
  return {
    events,
    us,
    clock,
    saveCreds: () => void events.push({ ...clock, creds: stringifyValue(us.creds), values: [] }),
    set: async (data) =>
      await us.keys.transaction(async () => {
        await us.keys.set(data);
      }, "trace"),
  };
}

async function pair({ us, clock, saveCreds, set }: Recording): Promise<void> {
  const wait = (ms: number): void => void (clock.at += ms);
  saveCreds();
  wait(3_000);
  Object.assign(us.creds, { account: { details: randomBytes(160) }, platform: "android" });
  saveCreds();
  wait(1_100);
  await us.bundle(812);
  saveCreds();
  wait(500);
  await set({ "device-list": { "1": ["0", "7"] }, "lid-mapping": { "1": "9", "9_reverse": "1" } });
  wait(700);
  const keyData = randomBytes(32);
  await set({ "app-state-sync-key": { AAAAAFoB: { keyData }, AAAAAFoC: { keyData } } });
  saveCreds();
  await set({
    "app-state-sync-version": {
      critical_block: appState(3),
      critical_unblock_low: appState(300),
      regular_high: appState(40),
      regular: appState(150),
      regular_low: appState(300),
    },
  });
  wait(500);
  for (let batch = 0; batch < 4; batch += 1) {
    saveCreds();
    const names: Record<string, string> = {};
    for (let index = 0; index < 150; index += 1) {
      names[`5511${batch}${1_000_000 + index}`] = `88${batch}${1_000_000 + index}`;
      names[`88${batch}${1_000_000 + index}_reverse`] = `5511${batch}${1_000_000 + index}`;
    }
    await set({ "lid-mapping": names });
    wait(1_500);
  }
}

function appState(entries: number) {
  const indexValueMap = Object.fromEntries(
    Array.from({ length: entries }, () => [
      randomBytes(32).toString("base64"),
      { valueMac: randomBytes(32) },
    ]),
  );
  return { version: 40, hash: randomBytes(128), indexValueMap };
}

async function talk(recording: Recording, messages: number): Promise<void> {
  const { us, clock, saveCreds, set } = recording;
  const dice = createDice();
  const phone = createPeer(PHONE);
  const contacts = Array.from({ length: 60 }, (_, index) =>
    createPeer(`55119${100_000 + index}@s.whatsapp.net`),
  );
  await phone.greet(us);
  await us.decrypt(phone, await phone.encrypt(us, "hello"));
  const one = createMessage(recording, { dice, phone, contacts });
  clock.part = "messages";
  for (let index = 0; index < messages; index += 1) {
    clock.at += dice.pause(3_000);
    await one();
    if (index % 500 !== 499) continue;
    await us.bundle(5);
    saveCreds();
    await set({ "app-state-sync-version": { regular: appState(150) } });
  }
  clock.part = "backlog";
  clock.at += 60_000;
  for (let index = 0; index < 300; index += 1) {
    clock.at += 15;
    await one();
  }
}

function createMessage(
  { us, set }: Recording,
  world: { dice: ReturnType<typeof createDice>; phone: SignalPeer; contacts: SignalPeer[] },
): () => Promise<void> {
  const { dice, phone, contacts } = world;
  const known = new Set<SignalPeer>();
  const receive = async (from: SignalPeer): Promise<void> => {
    if (!known.has(from)) await from.greet(us);
    known.add(from);
    await us.decrypt(from, await from.encrypt(us, "x"));
  };
  const send = async (to: SignalPeer): Promise<void> => {
    if (!known.has(to)) await us.greet(to);
    known.add(to);
    // One transaction, for the contact and for our own phone: as relayMessage() does.
    const both = await us.keys.transaction(
      async () => [await us.encrypt(to, "y"), await us.encrypt(phone, "y")] as const,
      us.jid,
    );
    await to.decrypt(us, both[0]);
    await phone.decrypt(us, both[1]);
  };
  return async () => {
    const roll = dice.next();
    // Few write often.
    const contact = contacts[Math.floor(dice.next() ** 2 * contacts.length)] ?? phone;
    if (roll < 0.42) return await receive(contact);
    if (roll < 0.7) return await send(contact);
    if (roll < 0.8) return void (await us.decrypt(phone, await phone.encrypt(us, "from me")));
    if (roll < 0.96) {
      const group = `120363${Math.floor(dice.next() * 3)}@g.us`;
      const member = `55119${Math.floor(dice.next() * 30)}`;
      return await set({ "sender-key": { [`${group}::${member}::0`]: othersSenderKey() } });
    }
    await us.encryptForGroup(GROUP, "g");
    const memory = Array.from({ length: 60 }, (_, index) => [`88${index}:0@lid`, true] as const);
    await set({ "sender-key-memory": { [GROUP]: Object.fromEntries(memory) } });
  };
}

/** As Baileys stores it: bytes of JSON, without a private key. */
function othersSenderKey(): Buffer {
  const state = {
    senderKeyId: 7,
    senderChainKey: { iteration: 1, seed: randomBytes(32) },
    senderSigningKey: { public: randomBytes(33), private: Buffer.alloc(0) },
    senderMessageKeys: [],
  };
  return Buffer.from(JSON.stringify([state]));
}
