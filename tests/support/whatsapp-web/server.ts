import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type BinaryNode,
  Curve,
  decodeBinaryNode,
  encodeBinaryNode,
  getBinaryNodeChild as child,
  type KeyPair,
  proto,
  WA_CERT_DETAILS,
} from "baileys";
import { type WebSocket, WebSocketServer } from "ws";
import {
  type Connection,
  type Device,
  Directory,
  lidJid,
  type PairingCodeRequest,
  timestamp,
} from "./accounts.ts";
import { frame, FrameReader } from "./frames.ts";
import { NoiseResponder } from "./noise-responder.ts";
import { CodeEntry, nextDeviceId, pairSuccess, readQr, type ScannedCode } from "./phone.ts";
import { answerQuery, bytesOf } from "./queries.ts";
import { type Acknowledgement, Router, type RouterStats } from "./router.ts";

/** Whose phone scans a QR code or takes a pairing code. */
export interface Person {
  /** Digits, no plus. */
  phone: string;
  lid: string;
  name: string;
}

export interface ServerStats extends RouterStats {
  /** QR codes and pairing codes that were accepted. */
  pairings: number;
  logins: number;
  /** A second socket of one device took the place of the first (440). */
  conflicts: number;
  /** Web sockets that were opened, logged in or not. */
  connections: number;
}

/** How the server breaks a connection off: with a stream error, or a failure at login. */
export type Closing = "logged_out" | "replaced" | "unavailable" | "restart" | "gone";

const REFS_PER_QR = 5;

/**
 * The part of WhatsApp Web's server that sockets of Baileys need: the Noise handshake, pairing by QR and by
 * code, 515, login, pre-keys, devices, groups, messages with receipts, and a queue of what is not acknowledged.
 * It cannot read what the sockets write to each other.
 */
export class WhatsAppWebServer {
  readonly directory = new Directory();
  private readonly root: KeyPair = Curve.generateKeyPair();
  private readonly router = new Router(this.directory);
  private readonly counts = { pairings: 0, logins: 0, conflicts: 0, connections: 0 };
  private readonly refs = new Map<string, Connection>();
  private readonly entries = new Map<Connection, CodeEntry>();
  private readonly http: Server = createServer((_, response) => void response.writeHead(404).end());
  private readonly sockets = new WebSocketServer({
    server: this.http,
    verifyClient: (_, answer) => answer(this.refuse_with === null, this.refuse_with ?? 101),
  });
  /** Answers the next upgrades with this HTTP status, as a proxy does whose upstream is away. */
  refuse_with: number | null = null;
  private port = 0;

  async listen(): Promise<this> {
    this.sockets.on("connection", (socket) => this.accept(socket));
    await new Promise<void>((resolve) => void this.http.listen(0, "127.0.0.1", resolve));
    const address = this.http.address();
    if (address !== null && typeof address === "object") this.port = address.port;
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws/chat`;
  }

  /** What a process must trust before its sockets connect: see `trust()`. */
  get root_key(): string {
    return Buffer.from(this.root.public).toString("base64");
  }

  get stats(): ServerStats {
    return { ...this.counts, ...this.router.stats };
  }

  set acknowledgement(value: Acknowledgement) {
    this.router.acknowledgement = value;
  }

  /** Somebody scans the code with their phone. */
  scan(qr: string, person: Person): void {
    const code = readQr(qr);
    const connection = this.refs.get(code.ref);
    if (connection === undefined)
      throw new Error("the QR code is not one of this server's, or spent");
    this.refs.delete(code.ref);
    this.pair(connection, person, code);
  }

  /** Somebody types the pairing code into their phone. */
  async enterCode(code: string, person: Person): Promise<void> {
    const { connection, request } = await this.companionOf(person.phone);
    const entry = new CodeEntry(this.directory.account(person.phone, person).identity);
    this.entries.set(connection, entry);
    connection.send(await entry.answer(code, request));
  }

  /** The companion that shows a pairing code loses its connection. */
  async dropPairing(phone: string): Promise<void> {
    const { connection } = await this.companionOf(phone);
    connection.close();
  }

  /** Who asks to be linked to this phone; waits until somebody does. */
  private async companionOf(
    phone: string,
  ): Promise<{ connection: Connection; request: PairingCodeRequest }> {
    for (;;) {
      for (const connection of this.entries.keys()) {
        const request = connection.pairing_code;
        if (request?.phone === phone) return { connection, request };
      }
      await sleep(5);
    }
  }

  device(phone: string, id = 1): Device | undefined {
    return this.directory.accounts.get(phone)?.devices.get(id);
  }

  isConnected(phone: string, id = 1): boolean {
    return this.device(phone, id)?.connection?.is_open === true;
  }

  /** Breaks a device's connection off. */
  closeDevice(phone: string, how: Closing): void {
    const device = this.device(phone);
    const connection = device?.connection;
    if (device === undefined || connection === undefined || connection === null) {
      throw new Error(`${phone} is not connected`);
    }
    const error = streamError(how);
    if (how === "logged_out") device.account.devices.delete(device.id);
    if (error !== null) connection.send(error);
    connection.close();
  }

  /** Any stanza to a device, as the server sends it. */
  send(phone: string, node: BinaryNode): void {
    this.device(phone)?.connection?.send(node);
  }

  async close(): Promise<void> {
    for (const client of this.sockets.clients) client.terminate();
    this.sockets.close();
    await new Promise<void>((resolve) => void this.http.close(() => resolve()));
  }

  private accept(web_socket: WebSocket): void {
    this.counts.connections += 1;
    const noise = new NoiseResponder(this.root);
    const reader = new FrameReader();
    const sendFrame = (body: Uint8Array): void => {
      if (web_socket.readyState === web_socket.OPEN) web_socket.send(frame(body));
    };
    const connection: Connection = {
      device: null,
      registration: null,
      pairing_code: null,
      get is_open() {
        return web_socket.readyState === web_socket.OPEN;
      },
      send: (node) => sendFrame(noise.seal(encodeBinaryNode(node))),
      close: () => web_socket.close(),
    };
    const onFrame = async (body: Buffer): Promise<void> => {
      if (noise.isReady)
        return await this.onNode(await decodeBinaryNode(noise.open(body)), connection);
      const { clientHello, clientFinish } = proto.HandshakeMessage.decode(body);
      const ephemeral = clientHello?.ephemeral;
      if (ephemeral) sendFrame(noise.answerHello(ephemeral, reader.header ?? Buffer.alloc(0)));
      else if (clientFinish) this.onClient(noise.finish(clientFinish), connection);
    };
    let turn = Promise.resolve();
    web_socket.on("message", (bytes) => {
      for (const body of reader.read(bytes)) {
        turn = turn
          .then(() => onFrame(body))
          .catch((error: unknown) => {
            // Nothing that a socket sends may end the test process; a handshake that fails is a closed socket.
            this.failures.push(error);
            web_socket.close();
          });
      }
    });
    web_socket.on("close", () => {
      this.entries.delete(connection);
      if (connection.device?.connection === connection) connection.device.connection = null;
    });
  }

  /** What went wrong on the server's side: a test that wonders looks here. */
  readonly failures: unknown[] = [];

  private onClient(payload: proto.ClientPayload, connection: Connection): void {
    if (payload.devicePairingData) {
      connection.registration = payload.devicePairingData;
      return this.offerPairing(connection);
    }
    const account = this.directory.accounts.get(String(payload.username));
    const device = account?.devices.get(payload.device ?? 0);
    if (device === undefined) {
      connection.send({ tag: "failure", attrs: { reason: "401" } });
      return connection.close();
    }
    this.counts.logins += 1;
    if (device.connection?.is_open === true) {
      this.counts.conflicts += 1;
      this.closeDevice(device.account.phone, "replaced");
    }
    device.connection = connection;
    connection.device = device;
    const attrs = { t: timestamp(), lid: lidJid(device), creation: "1" };
    connection.send({ tag: "success", attrs });
  }

  private offerPairing(connection: Connection): void {
    const refs = Array.from({ length: REFS_PER_QR }, () => randomBytes(12).toString("hex"));
    for (const ref of refs) this.refs.set(ref, connection);
    const content = refs.map((ref) => ({ tag: "ref", attrs: {}, content: Buffer.from(ref) }));
    connection.send({
      tag: "iq",
      attrs: { from: "s.whatsapp.net", type: "set", id: "pair-device", xmlns: "md" },
      content: [{ tag: "pair-device", attrs: {}, content }],
    });
  }

  private pair(connection: Connection, person: Person, code: Omit<ScannedCode, "ref">): void {
    this.counts.pairings += 1;
    const account = this.directory.account(person.phone, person);
    const id = nextDeviceId(account);
    account.devices.set(id, {
      account,
      id,
      connection: null,
      keys: null,
      pre_keys: [],
      queue: new Map(),
    });
    connection.send(pairSuccess(account, id, code));
  }

  private async onNode(node: BinaryNode, connection: Connection): Promise<void> {
    const { device } = connection;
    if (node.tag === "iq") return this.onQuery(node, connection);
    if (device === null) return;
    if (node.tag === "message") this.router.message(node, device);
    else if (node.tag === "receipt") this.router.receipt(node, device);
    else if (node.tag === "ack") this.router.ack(node, device);
  }

  private onQuery(node: BinaryNode, connection: Connection): void {
    if (node.attrs["type"] === "result") {
      if (child(node, "pair-device-sign") === undefined) return;
      // The device signed: it must come back as itself.
      connection.send({ tag: "stream:error", attrs: { code: "515" } });
      return connection.close();
    }
    if (node.attrs["xmlns"] === "md") return this.onCompanion(node, connection);
    const { device } = connection;
    const content = device === null ? undefined : answerQuery(node, device, this.directory);
    sendResult(connection, node, content);
    if (device !== null && child(node, "active") !== undefined) this.router.deliverQueue(device);
  }

  /** Pairing by code, and logging out. */
  private onCompanion(node: BinaryNode, connection: Connection): void {
    sendResult(connection, node);
    const request = child(node, "link_code_companion_reg");
    const phone = request?.attrs["jid"]?.split("@")[0] ?? "";
    if (request?.attrs["stage"] === "companion_hello") {
      const wrapped = child(request, "link_code_pairing_wrapped_companion_ephemeral_pub");
      connection.pairing_code = { phone, wrapped_ephemeral: bytesOf(wrapped) };
      const account = this.directory.account(phone, { lid: `9${phone}`, name: phone });
      this.entries.set(connection, new CodeEntry(account.identity));
    } else if (request?.attrs["stage"] === "companion_finish") {
      const identity = bytesOf(child(request, "companion_identity_public"));
      const bundle = bytesOf(child(request, "link_code_pairing_wrapped_key_bundle"));
      const code = this.entries.get(connection)?.agree(identity, bundle);
      const account = this.directory.accounts.get(phone);
      if (code !== undefined && account !== undefined) this.pair(connection, account, code);
    } else if (child(node, "remove-companion-device") !== undefined && connection.device !== null) {
      const { account, id } = connection.device;
      account.devices.delete(id);
    }
  }
}

function sendResult(connection: Connection, to: BinaryNode, content?: BinaryNode["content"]): void {
  const attrs = { from: "s.whatsapp.net", type: "result", id: to.attrs["id"] ?? "" };
  connection.send(content === undefined ? { tag: "iq", attrs } : { tag: "iq", attrs, content });
}

/** Null: the connection is simply gone. */
function streamError(how: Closing): BinaryNode | null {
  const conflict = (type: string): BinaryNode => ({ tag: "conflict", attrs: { type } });
  const errors: Record<Closing, BinaryNode | null> = {
    restart: { tag: "stream:error", attrs: { code: "515" } },
    unavailable: { tag: "stream:error", attrs: { code: "503" } },
    replaced: { tag: "stream:error", attrs: {}, content: [conflict("replaced")] },
    logged_out: {
      tag: "stream:error",
      attrs: { code: "401" },
      content: [conflict("device_removed")],
    },
    gone: null,
  };
  return errors[how];
}

/** Lets this process's sockets believe the stand-in's certificate. Baileys exports what it checks against. */
export function trust(root_key: string): void {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root_key, "base64");
}
