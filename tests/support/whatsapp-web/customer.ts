import {
  type AnyMessageContent,
  type BaileysEventMap,
  type ConnectionState,
  initAuthCreds,
  makeWASocket,
  type WAMessage,
  type WASocket,
} from "baileys";
import { keepLibsignalQuiet } from "../../../packages/sessions/src/connection/quiet-console.ts";
import { silentLogger } from "./logger.ts";
import { memoryKeys } from "./memory-auth-state.ts";
import type { Person, WhatsAppWebServer } from "./server.ts";

/** Somebody at the other end: a plain socket of Baileys with its keys in memory. */
export interface Customer {
  readonly person: Person;
  readonly jid: string;
  /** Texts that came, in their order. */
  readonly texts: string[];
  readonly messages: WAMessage[];
  readonly updates: BaileysEventMap["messages.update"];
  /** Why a message could not be decrypted, for each one. */
  readonly undecryptable: string[];
  readonly socket: WASocket;
  send(to: string, text: string): Promise<WAMessage>;
  sendAny(to: string, content: AnyMessageContent): Promise<WAMessage>;
  close(): Promise<void>;
}

const RESTART_REQUIRED = 515;

/** The settings without which Baileys waits for what the stand-in does not send. */
export const STAND_IN_SETTINGS = {
  shouldSyncHistoryMessage: () => false,
  fireInitQueries: false,
  markOnlineOnConnect: false,
  retryRequestDelayMs: 10,
} as const;

export async function joinWhatsApp(server: WhatsAppWebServer, person: Person): Promise<Customer> {
  keepLibsignalQuiet();
  const auth = { creds: initAuthCreds(), keys: memoryKeys() };
  const texts: string[] = [];
  const messages: WAMessage[] = [];
  const updates: Customer["updates"] = [];
  const undecryptable: string[] = [];

  const start = async (): Promise<WASocket> => {
    const logger = silentLogger();
    const socket = makeWASocket({
      auth,
      logger,
      waWebSocketUrl: server.url,
      ...STAND_IN_SETTINGS,
    });
    socket.ev.on("messages.update", (changes) => void updates.push(...changes));
    socket.ev.on("messages.upsert", (upsert) => {
      for (const message of upsert.messages) {
        if (message.key.fromMe) continue;
        messages.push(message);
        const text = textOf(message);
        if (message.messageStubParameters?.length > 0) {
          undecryptable.push(String(message.messageStubParameters[0]));
        } else if (text !== null) texts.push(text);
      }
    });
    const code = await new Promise<number | null>((resolve) => {
      socket.ev.on("connection.update", (update) => {
        if (update.qr !== undefined) server.scan(update.qr, person);
        if (update.connection === "open") resolve(null);
        if (update.connection === "close") resolve(closingCode(update));
      });
    });
    if (code === null) return socket;
    if (code === RESTART_REQUIRED) return await start();
    throw new Error(`${person.name} could not connect: ${code}`);
  };

  const socket = await start();
  const sendAny: Customer["sendAny"] = async (to, content) => {
    const sent = await socket.sendMessage(to, content);
    if (sent === undefined) throw new Error("not sent");
    return sent;
  };
  return {
    person,
    jid: `${person.phone}@s.whatsapp.net`,
    texts,
    messages,
    updates,
    undecryptable,
    socket,
    sendAny,
    send: async (to, text) => await sendAny(to, { text }),
    close: async () => {
      await socket.end(undefined);
    },
  };
}

export function textOf({ message }: WAMessage): string | null {
  return message?.conversation ?? message?.extendedTextMessage?.text ?? null;
}

function closingCode({ lastDisconnect }: Partial<ConnectionState>): number {
  const error = lastDisconnect?.error;
  return error !== undefined && "output" in error ? error.output.statusCode : 0;
}
