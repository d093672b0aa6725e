import type { AuthenticationCreds, SignalKeyStore } from "baileys";
import {
  addTransactionCapability,
  generateSignalPubKey,
  getNextPreKeys,
  type SignalKeyStoreWithTransaction,
} from "baileys";
import { makeLibSignalRepository } from "baileys/lib/Signal/libsignal.js";

const log = {
  level: "silent",
  child: () => log,
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

export interface Ciphertext {
  type: "pkmsg" | "msg";
  ciphertext: Uint8Array;
}

/** Baileys' own Signal code on an auth state, without a socket: what a process with this session does. */
export interface SignalPeer {
  jid: string;
  keys: SignalKeyStoreWithTransaction;
  /** What the peer needs for a first message; mints pre-keys. */
  bundle(count?: number): Promise<Bundle>;
  greet(peer: SignalPeer): Promise<void>;
  encrypt(to: SignalPeer, text: string): Promise<Ciphertext>;
  decrypt(from: SignalPeer, message: Ciphertext): Promise<string>;
  encryptForGroup(
    group: string,
    text: string,
  ): Promise<{ ciphertext: Uint8Array; distribution: Uint8Array }>;
  joinGroup(group: string, author: SignalPeer, distribution: Uint8Array): Promise<void>;
  decryptFromGroup(group: string, author: SignalPeer, ciphertext: Uint8Array): Promise<string>;
}

type Bundle = Parameters<
  ReturnType<typeof makeLibSignalRepository>["injectE2ESession"]
>[0]["session"];

export interface SignalIdentity {
  jid: string;
  state: { creds: AuthenticationCreds; keys: SignalKeyStore };
  saveCreds: () => Promise<void>;
}

export function createSignalPeer({ jid, state, saveCreds }: SignalIdentity): SignalPeer {
  const { creds } = state;
  // What makeWASocket() does with `auth`.
  const keys = addTransactionCapability(state.keys, log, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 5,
  });
  const repository = makeLibSignalRepository({ creds, keys }, log, async () => []);
  const publicKey = (key: Uint8Array): Uint8Array => generateSignalPubKey(key);
  return {
    jid,
    keys,
    bundle: async (count = 20) => {
      const { update, preKeys } = await keys.transaction(
        () => getNextPreKeys({ creds, keys }, count),
        jid,
      );
      Object.assign(creds, update);
      await saveCreds();
      const [id, pair] = Object.entries(preKeys)[0] ?? [];
      if (id === undefined || pair === undefined) throw new Error("no pre-key was made");
      return {
        registrationId: creds.registrationId,
        identityKey: publicKey(creds.signedIdentityKey.public),
        signedPreKey: {
          keyId: creds.signedPreKey.keyId,
          publicKey: publicKey(creds.signedPreKey.keyPair.public),
          signature: creds.signedPreKey.signature,
        },
        preKey: { keyId: Number(id), publicKey: publicKey(pair.public) },
      };
    },
    greet: async (peer) => {
      await repository.injectE2ESession({ jid: peer.jid, session: await peer.bundle() });
    },
    // Under the own id's lock, and committed after: as relayMessage() does.
    encrypt: async (to, text) =>
      await keys.transaction(
        () => repository.encryptMessage({ jid: to.jid, data: Buffer.from(text) }),
        jid,
      ),
    decrypt: async (from, message) =>
      Buffer.from(await repository.decryptMessage({ jid: from.jid, ...message })).toString(),
    encryptForGroup: async (group, text) => {
      const { ciphertext, senderKeyDistributionMessage } = await keys.transaction(
        () => repository.encryptGroupMessage({ group, meId: jid, data: Buffer.from(text) }),
        jid,
      );
      return { ciphertext, distribution: senderKeyDistributionMessage };
    },
    joinGroup: async (group, author, distribution) => {
      await repository.processSenderKeyDistributionMessage({
        item: { groupId: group, axolotlSenderKeyDistributionMessage: distribution },
        authorJid: author.jid,
      });
    },
    decryptFromGroup: async (group, author, msg) =>
      Buffer.from(
        await repository.decryptGroupMessage({ group, authorJid: author.jid, msg }),
      ).toString(),
  };
}
