import type { AuthenticationCreds, BinaryNode, SocketConfig, WAMessage } from "baileys";
import type { Baileys } from "../baileys.ts";
import type { SocketKeys } from "./socket-keys.ts";

interface PlaintextGate {
  makeSignalRepository: SocketConfig["makeSignalRepository"];
  /** A stanza has come, which will be decrypted later. */
  note(node: BinaryNode, creds: AuthenticationCreds): void;
}

interface Stanza {
  node: BinaryNode;
  creds: AuthenticationCreds;
}

/**
 * Stands where Baileys decrypts, and lets each message wait until it is stored.
 *
 * Baileys tells WhatsApp that a message has arrived before it tells anybody else, and WhatsApp forgets it then:
 * who stores it on `messages.upsert` loses it when the process dies in between, or while Baileys holds the event
 * back (up to 30 seconds after a login). Here it is stored first, and the keys that it has moved are written after
 * that: whenever the process dies, WhatsApp sends the message again and it can be read, or it is stored already.
 */
export function withPlaintextGate(
  baileys: Baileys,
  keys: SocketKeys,
  store: (message: WAMessage) => Promise<void>,
): PlaintextGate {
  const stanzas = new WeakMap<Uint8Array, Stanza>();

  const pass = async (
    ciphertext: Uint8Array,
    decrypt: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> => {
    const hold = keys.hold();
    try {
      const plaintext = await hold.run(decrypt);
      const stanza = stanzas.get(ciphertext);
      const message = stanza === undefined ? null : readMessage(baileys, stanza, plaintext);
      if (message !== null) await store(message);
      hold.release();
      return plaintext;
    } catch (error) {
      hold.drop();
      throw error;
    }
  };

  return {
    makeSignalRepository: (...parameters) => {
      const inner = baileys.DEFAULT_CONNECTION_CONFIG.makeSignalRepository(...parameters);
      return {
        ...inner,
        decryptMessage: async (sealed) =>
          await pass(sealed.ciphertext, async () => await inner.decryptMessage(sealed)),
        decryptGroupMessage: async (sealed) =>
          await pass(sealed.msg, async () => await inner.decryptGroupMessage(sealed)),
      };
    },
    note: (node, creds) => {
      for (const part of baileys.getBinaryNodeChildren(node, "enc")) {
        if (part.content instanceof Uint8Array) stanzas.set(part.content, { node, creds });
      }
    },
  };
}

/** The message as Baileys will emit it. Null where it cannot be read: then Baileys finds the same. */
function readMessage(baileys: Baileys, stanza: Stanza, plaintext: Uint8Array): WAMessage | null {
  const { me } = stanza.creds;
  if (me === undefined) return null;
  try {
    const { fullMessage } = baileys.decodeMessageNode(stanza.node, me.id, me.lid ?? "");
    const content = baileys.proto.Message.decode(baileys.unpadRandomMax16(plaintext));
    fullMessage.message = content.deviceSentMessage?.message ?? content;
    baileys.cleanMessage(fullMessage, me.id, me.lid ?? "");
    return fullMessage;
  } catch {
    return null;
  }
}
