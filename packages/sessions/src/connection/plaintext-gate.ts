import type { AuthenticationCreds, BinaryNode, SocketConfig, WAMessage } from "baileys";
import type { Baileys } from "../baileys.ts";

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
 * back (up to 30 seconds after a login). Here it is stored first. If the process dies after that, WhatsApp sends
 * it again, and what is stored already changes nothing.
 */
export function withPlaintextGate(
  baileys: Baileys,
  store: (message: WAMessage) => Promise<void>,
): PlaintextGate {
  const stanzas = new WeakMap<Uint8Array, Stanza>();

  const pass = async (ciphertext: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> => {
    const stanza = stanzas.get(ciphertext);
    const message = stanza === undefined ? null : readMessage(baileys, stanza, plaintext);
    if (message !== null) await store(message);
    return plaintext;
  };

  return {
    makeSignalRepository: (...parameters) => {
      const inner = baileys.DEFAULT_CONNECTION_CONFIG.makeSignalRepository(...parameters);
      return {
        ...inner,
        decryptMessage: async (sealed) =>
          await pass(sealed.ciphertext, await inner.decryptMessage(sealed)),
        decryptGroupMessage: async (sealed) =>
          await pass(sealed.msg, await inner.decryptGroupMessage(sealed)),
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
