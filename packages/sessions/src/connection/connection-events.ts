import type { AuthStateHandle } from "../auth-state/types.ts";
import type { SessionError } from "../errors.ts";

/** As `whatsapp_sessions.state` shows it. */
export type SessionState =
  /** A socket is being opened. */
  | "connecting"
  /** A QR code or a pairing code waits for somebody's phone. */
  | "pairing"
  /** Connected and logged in. */
  | "open"
  /** The connection ended; the next attempt comes by itself. */
  | "waiting"
  /** Closed by its server, or nobody scanned the code in time. The keys are kept. */
  | "stopped"
  /** Another program insists on the same keys (440): stop that one, then open the session again. */
  | "replaced"
  /** WhatsApp refuses the account, the device or this version of Baileys: somebody must look. */
  | "blocked"
  /** The device was removed: the keys are deleted, and pairing begins anew. */
  | "logged_out";

/** What is shown to somebody with a phone. Whoever has it can link a device: show it to admins alone. */
export interface PairingCode {
  kind: "qr" | "code";
  /** The text of the QR code, or the eight characters to type. */
  value: string;
  expires_at: Date;
}

export interface SessionReport {
  state: SessionState;
  /** Digits, no plus; null until paired. */
  phone: string | null;
  /** Why it is not open: a code and a sentence, without secrets. */
  error: { code: string; message: string } | null;
  /** Of `waiting`. */
  next_attempt_at: Date | null;
  pairing: PairingCode | null;
}

/** How it all ended: nothing more happens after this. */
export interface SessionEnd {
  state: SessionState;
  /** The session was lost to another process, or could not be written. */
  error: SessionError | null;
}

export interface ConnectionEvents {
  report: [report: SessionReport];
  qr: [qr: string, expires_at: Date];
  pairing_code: [code: string, expires_at: Date];
  /** Baileys could not decrypt a message: it has asked the sender for another copy. */
  undecryptable: [reason: string];
  end: [end: SessionEnd];
}

export type OpenAuthState = () => Promise<AuthStateHandle>;
