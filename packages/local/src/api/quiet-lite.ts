import { AsyncLocalStorage } from "node:async_hooks";

const insideLite = new AsyncLocalStorage<(line: string) => void>();
let isPatched = false;

/**
 * Runs a call into Supabase Lite with its console muted: Lite prints each database error whole, row
 * contents among them, and no message text may reach a log. What remains is the error's code.
 */
export function quietly<Result>(log: (line: string) => void, call: () => Result): Result {
  patchConsole();
  return insideLite.run(log, call);
}

function patchConsole(): void {
  if (isPatched) return;
  isPatched = true;
  for (const method of ["log", "info", "warn", "error"] as const) {
    const original = console[method].bind(console);
    console[method] = (...args: unknown[]) => {
      const log = insideLite.getStore();
      if (log === undefined) return original(...args);
      for (const arg of args) {
        // Outside of it: the log may well be this console.
        if (arg instanceof Error) insideLite.exit(() => log(`api: ${describe(arg)}`));
      }
    };
  }
}

function describe(error: Error): string {
  return "code" in error ? `${error.name} ${String(error.code)}` : error.name;
}
