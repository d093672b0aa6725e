/** Bytes 'ED', 0, 1: the client begins with the routing info that an earlier server gave it. */
const ROUTING_INTRO = Buffer.from([0x45, 0x44, 0, 1]);
const HEADER_BYTES = 4;
const LENGTH_BYTES = 3;

/** Takes WhatsApp's stream of bytes apart: an intro once, then frames of three bytes of length and a body. */
export class FrameReader {
  private buffer = Buffer.alloc(0);
  header: Buffer | null = null;

  read(bytes: Uint8Array): Buffer[] {
    this.buffer = Buffer.concat([this.buffer, bytes]);
    if (this.header === null) this.readIntro();
    const frames: Buffer[] = [];
    while (this.header !== null && this.buffer.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.buffer.readUIntBE(0, LENGTH_BYTES);
      if (this.buffer.length < end) break;
      frames.push(this.buffer.subarray(LENGTH_BYTES, end));
      this.buffer = this.buffer.subarray(end);
    }
    return frames;
  }

  private readIntro(): void {
    let start = 0;
    if (this.buffer.subarray(0, ROUTING_INTRO.length).equals(ROUTING_INTRO)) {
      start = ROUTING_INTRO.length + LENGTH_BYTES + this.buffer.readUIntBE(ROUTING_INTRO.length, 3);
    }
    if (this.buffer.length < start + HEADER_BYTES) return;
    this.header = this.buffer.subarray(start, start + HEADER_BYTES);
    this.buffer = this.buffer.subarray(start + HEADER_BYTES);
  }
}

export function frame(body: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUIntBE(body.length, 0, LENGTH_BYTES);
  return Buffer.concat([length, body]);
}
