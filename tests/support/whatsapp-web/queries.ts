import {
  type BinaryNode,
  getBinaryNodeChild as child,
  getBinaryNodeChildren as children,
} from "baileys";
import type { Device, Directory } from "./accounts.ts";

export type Content = NonNullable<BinaryNode["content"]>;

/** What the server answers to an `iq` of a logged-in device. Undefined: an empty result. */
export function answerQuery(
  node: BinaryNode,
  device: Device,
  directory: Directory,
): Content | undefined {
  switch (node.attrs["xmlns"] ?? "") {
    case "encrypt":
      return node.attrs["type"] === "set"
        ? storeKeys(node, device)
        : readKeys(node, device, directory);
    case "usync":
      return [readDevices(node, directory)];
    case "w:g2":
      return readGroup(node, directory);
    case "abt":
      return [{ tag: "props", attrs: { hash: "props" } }];
    case "privacy":
      return [{ tag: "privacy", attrs: {} }];
    case "w:sync:app:state":
      return [readAppState(node)];
    default:
      return undefined;
  }
}

function storeKeys(node: BinaryNode, device: Device): undefined {
  const list = child(node, "list");
  const signed_pre_key = child(node, "skey");
  if (list === undefined || signed_pre_key === undefined) return;
  device.keys = {
    identity: bytesOf(child(node, "identity")),
    registration: bytesOf(child(node, "registration")),
    signed_pre_key,
  };
  device.pre_keys.push(...children(list, "key"));
}

function readKeys(node: BinaryNode, device: Device, directory: Directory): Content | undefined {
  if (child(node, "count") !== undefined) {
    return [{ tag: "count", attrs: { value: String(device.pre_keys.length) } }];
  }
  if (child(node, "digest") !== undefined) return [{ tag: "digest", attrs: {} }];
  const asked = children(child(node, "key"), "user");
  if (asked.length === 0) return undefined;
  return [{ tag: "list", attrs: {}, content: asked.flatMap((user) => bundleOf(user, directory)) }];
}

/** Everything that is needed to write to a device for the first time; each pre-key is given out once. */
function bundleOf(user: BinaryNode, directory: Directory): BinaryNode[] {
  const target = directory.findDevice(user.attrs["jid"]);
  if (target === undefined || target.keys === null) return [];
  const pre_key = target.pre_keys.shift();
  return [
    {
      tag: "user",
      attrs: { jid: user.attrs["jid"] ?? "" },
      content: [
        { tag: "registration", attrs: {}, content: target.keys.registration },
        { tag: "type", attrs: {}, content: Buffer.from([5]) },
        { tag: "identity", attrs: {}, content: target.keys.identity },
        target.keys.signed_pre_key,
        ...(pre_key === undefined ? [] : [pre_key]),
      ],
    },
  ];
}

function readDevices(node: BinaryNode, directory: Directory): BinaryNode {
  const asked = children(child(child(node, "usync"), "list"), "user");
  const content = asked.flatMap((user): BinaryNode[] => {
    const jid = user.attrs["jid"] ?? "";
    const account = directory.find(jid);
    if (account === undefined) return [];
    const list = [...account.devices.keys()].map((id) => ({
      tag: "device",
      attrs: { id: String(id), "key-index": String(id) },
    }));
    const devices = {
      tag: "devices",
      attrs: {},
      content: [{ tag: "device-list", attrs: {}, content: list }],
    };
    const lid = { tag: "lid", attrs: { val: `${account.lid}@lid` } };
    return [
      { tag: "user", attrs: { jid }, content: jid.endsWith("@lid") ? [devices] : [devices, lid] },
    ];
  });
  return { tag: "usync", attrs: {}, content: [{ tag: "list", attrs: {}, content }] };
}

function readGroup(node: BinaryNode, directory: Directory): Content | undefined {
  const group = directory.groups.get(node.attrs["to"] ?? "");
  if (group === undefined) return undefined;
  const content = group.members.flatMap((phone, index): BinaryNode[] => {
    const account = directory.accounts.get(phone);
    if (account === undefined) return [];
    const attrs = { jid: `${account.lid}@lid`, phone_number: `${phone}@s.whatsapp.net` };
    return [{ tag: "participant", attrs: index === 0 ? { ...attrs, type: "admin" } : attrs }];
  });
  const attrs = {
    id: group.jid.replace("@g.us", ""),
    subject: group.subject,
    addressing_mode: "lid",
    creation: "1700000000",
    s_t: "1700000000",
  };
  return [{ tag: "group", attrs, content }];
}

/** Nothing was ever changed. */
function readAppState(node: BinaryNode): BinaryNode {
  const content = children(child(node, "sync"), "collection").map(({ attrs }) => ({
    tag: "collection",
    attrs: { name: attrs["name"] ?? "", version: attrs["version"] ?? "0" },
  }));
  return { tag: "sync", attrs: {}, content };
}

export function bytesOf(node: BinaryNode | undefined): Uint8Array {
  return node?.content instanceof Uint8Array ? node.content : Buffer.alloc(0);
}
