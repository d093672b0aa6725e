import { CLOSING, type Closing } from "./closing.ts";

export interface ReconnectTimes {
  /** The first wait; each further one is twice as long. Default 1,000 ms. */
  base_ms: number;
  /** The longest wait. Default 60,000 ms. */
  max_ms: number;
  /** The wait after another program connected with the same keys. Default 30,000 ms. */
  replaced_ms: number;
}

export const RECONNECT_TIMES: ReconnectTimes = {
  base_ms: 1_000,
  max_ms: 60_000,
  replaced_ms: 30_000,
};

/** How often in a row we come back after 440; then somebody else insists, and two would wear out the keys. */
const MAX_REPLACED = 2;

export interface Circumstances {
  /** The phone has signed for this device. */
  is_paired: boolean;
  /** Connections in a row that did not stay open. */
  failures: number;
  /** Times in a row that another program took our place. */
  replaced: number;
  times: ReconnectTimes;
  /** 0 to 1. */
  random: number;
}

export type NextStep =
  | { kind: "reopen"; after_ms: number }
  /** Only if the lease is still ours: another process of ours may have taken over. */
  | { kind: "reopen_if_ours"; after_ms: number }
  /** The keys are worth nothing any more. */
  | { kind: "delete" }
  /** Keys stay; somebody must look. */
  | { kind: "stop"; state: "stopped" | "replaced" | "blocked" };

/** What follows from the end of a socket. */
export function nextStep(closing: Closing, circumstances: Circumstances): NextStep {
  const { is_paired, replaced, times, random } = circumstances;
  if (closing.is_from_whatsapp) {
    switch (closing.code) {
      case CLOSING.restart_required:
        return { kind: "reopen", after_ms: 0 };
      case CLOSING.logged_out:
        return { kind: "delete" };
      case CLOSING.replaced:
        if (replaced >= MAX_REPLACED) return { kind: "stop", state: "replaced" };
        return { kind: "reopen_if_ours", after_ms: times.replaced_ms * (0.5 + random) };
      case CLOSING.temporarily_banned:
      case CLOSING.forbidden:
      case CLOSING.client_outdated:
      case CLOSING.unknown_logout:
      case CLOSING.multidevice_mismatch:
        return { kind: "stop", state: "blocked" };
      default:
    }
  }
  // Baileys ends the socket itself when all QR codes of one connection have expired.
  if (!is_paired && closing.code === CLOSING.timed_out) return { kind: "stop", state: "stopped" };
  return { kind: "reopen", after_ms: backoff(circumstances) };
}

/** Half of it by chance, so that a thousand sessions that were cut off together do not come back together. */
function backoff({ failures, times, random }: Circumstances): number {
  const full = Math.min(times.max_ms, times.base_ms * 2 ** Math.min(failures, 16));
  return full * (0.5 + random / 2);
}
