import { createHash, randomBytes, randomInt } from "node:crypto";

/** Which way a message went; Meta writes it into the id. */
export type Direction = "inbound" | "outbound";

// Taken from real ids: a version byte, the other party, then the direction and a random hex id.
const DIRECTION_BYTE = { inbound: 0x12, outbound: 0x11 } as const;
const HEX_BYTES = { inbound: 10, outbound: 9 } as const;

/**
 * A new message id of Meta's shape: `wamid.` and base64 that holds the other party and 72 or 80 random bits.
 * @param party phone digits, or the business-scoped user id where the business must not learn the phone
 */
export function createWamid(party: string, direction: Direction): string {
  const name = Buffer.from(party, "latin1").subarray(0, 255);
  const hex = Buffer.from(randomHex(HEX_BYTES[direction]), "latin1");
  const bytes = Buffer.concat([
    Buffer.from([0x1c, 0x18, name.length]),
    name,
    Buffer.from([0x15, 0x02, 0x00, DIRECTION_BYTE[direction], 0x18, hex.length]),
    hex,
    Buffer.from([0x00]),
  ]);
  return `wamid.${bytes.toString("base64")}`;
}

const POOL_BYTES = 8192;
let pool = Buffer.alloc(0);
let used = 0;

/** Fresh random bytes in hex. Drawn from the system many at a time: a call for each id would cost more than the id. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used).toUpperCase();
}

/** Calling codes of a few countries, so that a user id carries a likely country; all others read as US. */
const COUNTRIES: readonly (readonly [prefix: string, country: string])[] = [
  ["1", "US"],
  ["20", "EG"],
  ["27", "ZA"],
  ["33", "FR"],
  ["34", "ES"],
  ["39", "IT"],
  ["44", "GB"],
  ["49", "DE"],
  ["52", "MX"],
  ["54", "AR"],
  ["55", "BR"],
  ["62", "ID"],
  ["91", "IN"],
  ["234", "NG"],
  ["254", "KE"],
  ["971", "AE"],
];

/** The business-scoped user id of a phone: the same for the same phone, and nothing of the phone in it. */
export function deriveBsuid(phone: string): string {
  const country = COUNTRIES.find(([prefix]) => phone.startsWith(prefix))?.[1] ?? "US";
  const digest = createHash("sha256").update(`bsuid:${phone}`).digest("hex");
  return `${country}.${BigInt(`0x${digest}`).toString().slice(0, 20)}`;
}

/** A new media id: 16 digits, as Meta's are. */
export function createMediaId(): string {
  return `1${String(randomInt(1e7)).padStart(7, "0")}${String(randomInt(1e8)).padStart(8, "0")}`;
}

/** What Meta's support would ask for. */
export function createTraceId(): string {
  return `A${randomBytes(16).toString("base64url")}`;
}
