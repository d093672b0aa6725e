import {
  type BinaryNode,
  getBinaryNodeChild as child,
  getBinaryNodeChildren as children,
} from "baileys";
import {
  type Account,
  type Device,
  type Directory,
  type Group,
  lidJid,
  phoneJid,
  timestamp,
} from "./accounts.ts";

/** How the server answers the next message: as usual, with an error code, or not at all. */
export type Acknowledgement = "normal" | "none" | { error: string };

export interface RouterStats {
  /** Messages handed to a device, or kept for it. */
  routed: number;
  /** Sent again, since they had not been acknowledged. */
  redelivered: number;
  /** A device could not decrypt, and asked for the message once more. */
  retries: number;
}

/** Carries messages and receipts between devices, and keeps what nobody has acknowledged. */
export class Router {
  readonly stats: RouterStats = { routed: 0, redelivered: 0, retries: 0 };
  acknowledgement: Acknowledgement = "normal";
  private readonly directory: Directory;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  message(node: BinaryNode, sender: Device): void {
    this.acknowledge(node, sender);
    if (typeof this.acknowledgement === "object") return;
    const group = this.directory.groups.get(node.attrs["to"] ?? "");
    if (group === undefined) this.toPerson(node, sender);
    else this.toGroup(node, sender, group);
  }

  /** What waited for a device that has just logged in, then the word that this was all. */
  deliverQueue(device: Device): void {
    for (const node of device.queue.values()) {
      this.stats.redelivered += 1;
      device.connection?.send({ ...node, attrs: { ...node.attrs, offline: "0" } });
    }
    const count = String(device.queue.size);
    const offline = { tag: "offline", attrs: { count } };
    device.connection?.send({ tag: "ib", attrs: { from: "s.whatsapp.net" }, content: [offline] });
  }

  receipt(node: BinaryNode, reader: Device): void {
    const { id = "", type = "", to = "", participant } = node.attrs;
    const attrs = { class: "receipt", id, from: to };
    reader.connection?.send({ tag: "ack", attrs: type === "" ? attrs : { ...attrs, type } });
    if (type === "retry") this.stats.retries += 1;
    const author = this.directory.find(participant ?? to);
    const listed = children(child(node, "list"), "item").map((item) => item.attrs["id"] ?? "");
    for (const message_id of [id, ...listed]) forget(reader, message_id, author);
    if (author === undefined || author === reader.account) return;
    this.forwardReceipt(node, reader, author);
  }

  /** A device gives a message up. */
  ack(node: BinaryNode, device: Device): void {
    if (node.attrs["class"] !== "message") return;
    const author = this.directory.find(node.attrs["participant"] ?? node.attrs["to"]);
    forget(device, node.attrs["id"] ?? "", author);
  }

  private acknowledge({ attrs }: BinaryNode, sender: Device): void {
    if (this.acknowledgement === "none") return;
    const error = this.acknowledgement === "normal" ? {} : { error: this.acknowledgement.error };
    const { id = "", to = "" } = attrs;
    sender.connection?.send({
      tag: "ack",
      attrs: { class: "message", id, from: to, t: timestamp(), ...error },
    });
  }

  private toPerson(node: BinaryNode, sender: Device): void {
    const to = node.attrs["to"] ?? "";
    const addressed = children(child(node, "participants"), "to");
    const copies: { jid: string; enc: BinaryNode[] }[] =
      addressed.length === 0
        ? [{ jid: to, enc: children(node, "enc") }]
        : addressed.map((part) => ({ jid: part.attrs["jid"] ?? "", enc: children(part, "enc") }));
    for (const { jid, enc } of copies) {
      const device = this.directory.findDevice(jid);
      if (device === undefined || device === sender) continue;
      // Our own other devices learn to whom it went.
      const recipient = device.account === sender.account ? { recipient: to } : {};
      this.deliver(device, {
        tag: "message",
        attrs: {
          ...common(node, sender),
          from: phoneJid(sender),
          sender_lid: lidJid(sender),
          ...recipient,
        },
        content: [...enc, ...children(node, "device-identity")],
      });
    }
  }

  private toGroup(node: BinaryNode, sender: Device, group: Group): void {
    const keys = children(child(node, "participants"), "to");
    const members = group.members.flatMap((phone) => this.directory.accounts.get(phone) ?? []);
    for (const device of members.flatMap(({ devices }) => [...devices.values()])) {
      if (device === sender) continue;
      const own = keys.filter((key) => this.directory.findDevice(key.attrs["jid"]) === device);
      this.deliver(device, {
        tag: "message",
        attrs: {
          ...common(node, sender),
          from: group.jid,
          participant: lidJid(sender),
          participant_pn: phoneJid(sender),
          addressing_mode: "lid",
        },
        content: [
          ...own.flatMap((key) => children(key, "enc")),
          ...children(node, "enc"),
          ...children(node, "device-identity"),
        ],
      });
    }
  }

  private deliver(device: Device, node: BinaryNode): void {
    this.stats.routed += 1;
    const sender = node.attrs["participant"] ?? node.attrs["from"] ?? "";
    device.queue.set(`${this.directory.find(sender)?.phone} ${node.attrs["id"]}`, node);
    device.connection?.send(node);
  }

  private forwardReceipt(node: BinaryNode, reader: Device, author: Account): void {
    const { id = "", type = "", to = "" } = node.attrs;
    const from = to.endsWith("@g.us")
      ? { from: to, participant: lidJid(reader) }
      : { from: phoneJid(reader) };
    // «inactive»: delivered, but nobody looks at the screen. The phone itself says that it is delivered.
    const kind = type === "" || type === "inactive" ? {} : { type };
    const target = this.directory.findDevice(node.attrs["participant"] ?? to);
    for (const device of target === undefined ? author.devices.values() : [target]) {
      device.connection?.send({ ...node, attrs: { id, t: timestamp(), ...from, ...kind } });
    }
  }
}

function common({ attrs }: BinaryNode, sender: Device): Record<string, string> {
  const { id = "", type = "text" } = attrs;
  const edit = attrs["edit"] === undefined ? {} : { edit: attrs["edit"] };
  return { id, type, t: timestamp(), notify: sender.account.name, ...edit };
}

function forget(device: Device, message_id: string, author: Account | undefined): void {
  device.queue.delete(`${author?.phone} ${message_id}`);
}
