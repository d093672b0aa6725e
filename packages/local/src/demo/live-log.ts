import type { Emulator } from "@wabase/emulator";
import type { RequestEntry } from "../gateway.ts";

type Print = (line: string) => void;

/** Says what comes and goes as it happens: who, what kind, which state. Never what a message says. */
export function followEmulator(emulator: Emulator, print: Print): void {
  emulator.on("message", ({ author, phone, type, status, error }) => {
    const arrow = author === "customer" ? "←" : "→";
    print(`${arrow} +${phone}  ${type.padEnd(8)} ${status}${error ? ` (${error.code})` : ""}`);
  });
  emulator.on("delivery", ({ id, state, attempts, last_status, last_error }) => {
    if (attempts === 0 || (state === "delivered" && attempts === 1)) return;
    const answer = last_status ?? last_error ?? "not tried";
    print(`! webhook ${id} ${state} after ${attempts} attempts (${answer})`);
  });
}

export function describeRequest(entry: RequestEntry): string | null {
  const name = /^\/functions\/v1\/([^/]+)/.exec(entry.path)?.[1];
  if (name === undefined || entry.method === "OPTIONS") return null;
  return `  ${name} ${entry.status} (${entry.duration_ms} ms)`;
}
