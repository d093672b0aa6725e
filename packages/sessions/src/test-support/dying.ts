import { DatabaseError } from "@wabase/database";
import type { SessionBackend } from "../backend.ts";

export interface Death {
  /** At which write the process dies, counted from 1. */
  at: number;
  /** Whether that write still arrives. */
  when: "before" | "after";
}

export interface DyingBackend extends SessionBackend {
  /** How many writes were tried. */
  writes(): number;
}

const WRITES = new Set(["put", "remove", "append", "publish", "release", "delete", "acquire"]);

/** A backend as a process sees it that dies at one of its writes: nothing it does afterwards arrives. */
export function dyingBackend(backend: SessionBackend, death: Death): DyingBackend {
  let count = 0;
  const wrap = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get: (inner, name, receiver): unknown => {
        const member: unknown = Reflect.get(inner, name, receiver);
        if (typeof member !== "function") return member;
        return async (...parameters: unknown[]): Promise<unknown> => {
          if (count >= death.at) throw gone();
          count += WRITES.has(String(name)) ? 1 : 0;
          if (count < death.at) return await member(...parameters);
          if (death.when === "after") await member(...parameters);
          throw gone();
        };
      },
    });
  return {
    keys: backend.keys,
    driver: wrap(backend.driver),
    logs: wrap(backend.logs),
    writes: () => count,
  };
}

/** An answer for good, so that nobody tries for the length of a lease. */
function gone(): DatabaseError {
  return new DatabaseError({ code: "gone", message: "dead", details: null, hint: null }, 400);
}
