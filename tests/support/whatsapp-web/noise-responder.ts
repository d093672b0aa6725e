import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  type KeyPair,
  NOISE_MODE,
  proto,
  sha256,
} from "baileys";

const NOTHING = Buffer.alloc(0);
const { NoiseCertificate } = proto.CertChain;

/** The nonce of the n-th message under one key. */
function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}

/** What both sides of a Noise handshake mix everything into that they have said so far. */
class HandshakeState {
  private hash: Buffer = Buffer.from(NOISE_MODE);
  private salt: Buffer = this.hash;
  private key: Buffer = this.hash;
  private counter = 0;

  authenticate(data: Uint8Array): void {
    this.hash = sha256(Buffer.concat([this.hash, data]));
  }

  mix(secret: Uint8Array): void {
    [this.salt, this.key] = this.derive(secret);
    this.counter = 0;
  }

  encrypt(plain: Uint8Array): Buffer {
    const sealed = aesEncryptGCM(plain, this.key, nonce(this.counter++), this.hash);
    this.authenticate(sealed);
    return sealed;
  }

  decrypt(sealed: Uint8Array): Buffer {
    const plain = aesDecryptGCM(sealed, this.key, nonce(this.counter++), this.hash);
    this.authenticate(sealed);
    return plain;
  }

  derive(secret: Uint8Array): [Buffer, Buffer] {
    const keys = Buffer.from(hkdf(Buffer.from(secret), 64, { salt: this.salt, info: "" }));
    return [keys.subarray(0, 32), keys.subarray(32)];
  }
}

/** The server's side of WhatsApp's transport: a Noise XX handshake, then AES-GCM by counter. */
export class NoiseResponder {
  private readonly state = new HandshakeState();
  private readonly ephemeral = Curve.generateKeyPair();
  private readonly identity = Curve.generateKeyPair();
  private readonly root: KeyPair;
  private keys: { read: Buffer; write: Buffer } | null = null;
  private reads = 0;
  private writes = 0;

  constructor(root: KeyPair) {
    this.root = root;
  }

  get isReady(): boolean {
    return this.keys !== null;
  }

  /** Answers the client's hello with our keys and a certificate chain that ends in the root. */
  answerHello(client_ephemeral: Uint8Array, header: Uint8Array): Uint8Array {
    const { state, ephemeral, identity } = this;
    state.authenticate(header);
    state.authenticate(client_ephemeral);
    state.authenticate(ephemeral.public);
    state.mix(Curve.sharedKey(ephemeral.private, client_ephemeral));
    const sealed_identity = state.encrypt(identity.public);
    state.mix(Curve.sharedKey(identity.private, client_ephemeral));
    const payload = state.encrypt(this.certify(identity.public));
    const serverHello = { ephemeral: ephemeral.public, static: sealed_identity, payload };
    return proto.HandshakeMessage.encode({ serverHello }).finish();
  }

  /** Who the client says that it is. From here on both sides use the transport keys. */
  finish(clientFinish: proto.HandshakeMessage.IClientFinish): proto.ClientPayload {
    const client_identity = this.state.decrypt(clientFinish.static ?? NOTHING);
    this.state.mix(Curve.sharedKey(this.ephemeral.private, client_identity));
    const payload = proto.ClientPayload.decode(this.state.decrypt(clientFinish.payload ?? NOTHING));
    const [read, write] = this.state.derive(NOTHING);
    this.keys = { read, write };
    return payload;
  }

  seal(plain: Uint8Array): Buffer {
    return aesEncryptGCM(plain, this.transport().write, nonce(this.writes++), NOTHING);
  }

  open(sealed: Uint8Array): Buffer {
    return aesDecryptGCM(sealed, this.transport().read, nonce(this.reads++), NOTHING);
  }

  private transport(): { read: Buffer; write: Buffer } {
    if (this.keys === null) throw new Error("the handshake is not finished");
    return this.keys;
  }

  private certify(key: Uint8Array): Uint8Array {
    const authority = Curve.generateKeyPair();
    const period = { notBefore: 1, notAfter: 4_000_000_000 };
    const intermediate = NoiseCertificate.Details.encode({
      serial: 1,
      issuerSerial: 0,
      key: authority.public,
      ...period,
    }).finish();
    const leaf = NoiseCertificate.Details.encode({
      serial: 2,
      issuerSerial: 1,
      key,
      ...period,
    }).finish();
    return proto.CertChain.encode({
      intermediate: {
        details: intermediate,
        signature: Curve.sign(this.root.private, intermediate),
      },
      leaf: { details: leaf, signature: Curve.sign(authority.private, leaf) },
    }).finish();
  }
}
