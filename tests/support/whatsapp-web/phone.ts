import { randomBytes } from "node:crypto";
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  type BinaryNode,
  Curve,
  derivePairingCodeKey,
  hkdf,
  hmacSign,
  type KeyPair,
  proto,
  WA_ADV_ACCOUNT_SIG_PREFIX,
} from "baileys";
import type { Account, PairingCodeRequest } from "./accounts.ts";

/** What a phone reads in a QR code. */
export interface ScannedCode {
  ref: string;
  identity: Buffer;
  adv_secret: Buffer;
}

/** `https://wa.me/settings/linked_devices#ref,noise key,identity,secret,platform` */
export function readQr(qr: string): ScannedCode {
  const [ref = "", , identity = "", secret = ""] = (qr.split("#").at(-1) ?? "").split(",");
  return {
    ref,
    identity: Buffer.from(identity, "base64"),
    adv_secret: Buffer.from(secret, "base64"),
  };
}

/** The phone signs for the new device, and the server tells it which one it is. */
export function pairSuccess(
  account: Account,
  device_id: number,
  { identity, adv_secret }: Omit<ScannedCode, "ref">,
): BinaryNode {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: 7,
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex: device_id,
  }).finish();
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: account.identity.public,
    accountSignature: Curve.sign(
      account.identity.private,
      Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, identity]),
    ),
  }).finish();
  const sealed = proto.ADVSignedDeviceIdentityHMAC.encode({
    details: signed,
    hmac: hmacSign(signed, adv_secret),
  }).finish();
  const device = {
    jid: `${account.phone}:${device_id}@s.whatsapp.net`,
    lid: `${account.lid}:${device_id}@lid`,
  };
  return {
    tag: "iq",
    attrs: { from: "s.whatsapp.net", type: "set", id: "pair-success", xmlns: "md" },
    content: [
      {
        tag: "pair-success",
        attrs: {},
        content: [
          { tag: "device-identity", attrs: {}, content: sealed },
          { tag: "device", attrs: device },
          { tag: "platform", attrs: { name: "android" } },
        ],
      },
    ],
  };
}

/** A phone on which somebody types the eight characters that the companion shows. */
export class CodeEntry {
  private readonly ephemeral: KeyPair = Curve.generateKeyPair();
  private readonly identity: KeyPair;
  private companion_ephemeral = Buffer.alloc(0);

  constructor(identity: KeyPair) {
    this.identity = identity;
  }

  /** Answers the companion's hello: only who knows the code can read either ephemeral key. */
  async answer(code: string, { wrapped_ephemeral }: PairingCodeRequest): Promise<BinaryNode> {
    const wrapped = Buffer.from(wrapped_ephemeral);
    const key = await derivePairingCodeKey(code, wrapped.subarray(0, 32));
    this.companion_ephemeral = aesDecryptCTR(wrapped.subarray(48), key, wrapped.subarray(32, 48));
    const salt = randomBytes(32);
    const iv = randomBytes(16);
    const own_key = await derivePairingCodeKey(code, salt);
    const own = Buffer.concat([salt, iv, aesEncryptCTR(this.ephemeral.public, own_key, iv)]);
    return {
      tag: "notification",
      attrs: { from: "s.whatsapp.net", type: "link_code_companion_reg", id: "link-code" },
      content: [
        {
          tag: "link_code_companion_reg",
          attrs: { stage: "primary_hello" },
          content: [
            { tag: "link_code_pairing_ref", attrs: {}, content: Buffer.from("link-code-ref") },
            { tag: "primary_identity_pub", attrs: {}, content: this.identity.public },
            { tag: "link_code_pairing_wrapped_primary_ephemeral_pub", attrs: {}, content: own },
          ],
        },
      ],
    };
  }

  /** From the companion's last word: the secret that both derive, and with which the phone then signs. */
  agree(companion_identity: Uint8Array, wrapped_bundle: Uint8Array): Omit<ScannedCode, "ref"> {
    const shared = Curve.sharedKey(this.ephemeral.private, this.companion_ephemeral);
    const bundle = Buffer.from(wrapped_bundle);
    const key = hkdf(shared, 32, {
      salt: bundle.subarray(0, 32),
      info: "link_code_pairing_key_bundle_encryption_key",
    });
    const plain = aesDecryptGCM(
      bundle.subarray(44),
      Buffer.from(key),
      bundle.subarray(32, 44),
      Buffer.alloc(0),
    );
    const random = plain.subarray(64, 96);
    const identity_shared = Curve.sharedKey(this.identity.private, companion_identity);
    const secret = hkdf(Buffer.concat([shared, identity_shared, random]), 32, {
      info: "adv_secret",
    });
    return { identity: Buffer.from(companion_identity), adv_secret: Buffer.from(secret) };
  }
}

/** The next free number of a linked device; 0 is the phone. */
export function nextDeviceId(account: Account): number {
  return Math.max(0, ...account.devices.keys()) + 1;
}
