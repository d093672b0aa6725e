import { type BinaryNode, Curve, jidDecode, type KeyPair, type proto } from "baileys";

/** A person on WhatsApp: the phone, and the devices that it has linked. */
export interface Account {
  /** Digits, no plus. */
  phone: string;
  /** The number of the hidden identity (…@lid). */
  lid: string;
  name: string;
  /** The phone's own identity, which signs for each device. */
  identity: KeyPair;
  devices: Map<number, Device>;
}

/** A linked device: a socket of Baileys, connected or not. */
export interface Device {
  account: Account;
  id: number;
  connection: Connection | null;
  /** The public half of its keys, as it uploaded them. */
  keys: DeviceKeys | null;
  pre_keys: BinaryNode[];
  /** What it has not acknowledged yet, by sender and id: sent again at every login. */
  queue: Map<string, BinaryNode>;
}

export interface DeviceKeys {
  identity: Uint8Array;
  registration: Uint8Array;
  signed_pre_key: BinaryNode;
}

/** One web socket. */
export interface Connection {
  device: Device | null;
  /** Before pairing: the keys that it shows in its QR code. */
  registration: proto.ClientPayload.IDevicePairingRegistrationData | null;
  pairing_code: PairingCodeRequest | null;
  readonly is_open: boolean;
  send(node: BinaryNode): void;
  close(): void;
}

export interface PairingCodeRequest {
  phone: string;
  /** Salt, IV and the companion's ephemeral key, encrypted with the code. */
  wrapped_ephemeral: Uint8Array;
}

/** A group and who is in it, by phone; the first is its admin. */
export interface Group {
  jid: string;
  subject: string;
  members: string[];
}

export class Directory {
  readonly accounts = new Map<string, Account>();
  readonly groups = new Map<string, Group>();

  account(phone: string, { lid, name }: { lid: string; name: string }): Account {
    const known = this.accounts.get(phone);
    if (known !== undefined) return known;
    const identity = Curve.generateKeyPair();
    const account: Account = { phone, lid, name, identity, devices: new Map() };
    this.accounts.set(phone, account);
    return account;
  }

  /** Whose jid this is, by phone or lid. */
  find(jid: string | undefined): Account | undefined {
    const user = jidDecode(jid)?.user;
    if (user === undefined) return undefined;
    const by_phone = this.accounts.get(user);
    return by_phone ?? [...this.accounts.values()].find(({ lid }) => lid === user);
  }

  findDevice(jid: string | undefined): Device | undefined {
    return this.find(jid)?.devices.get(jidDecode(jid)?.device ?? 0);
  }
}

export function phoneJid({ account, id }: Device): string {
  return `${account.phone}:${id}@s.whatsapp.net`;
}

export function lidJid({ account, id }: Device): string {
  return `${account.lid}:${id}@lid`;
}

/** Seconds since 1970, as WhatsApp writes them. */
export function timestamp(): string {
  return String(Math.floor(Date.now() / 1000));
}
