import { Hono } from "hono";
import type { Core } from "../core.ts";
import { unknownObject } from "./errors.ts";
import { graphJson } from "./graph-json.ts";

/** Meta's `GET /{waba_id}/phone_numbers`, below the version. */
export function accountRoutes(core: Core): Hono {
  const app = new Hono();
  app.get("/:waba/phone_numbers", (c) => {
    const numbers = core.store.numbers.filter(({ waba_id }) => waba_id === c.req.param("waba"));
    if (numbers.length === 0) throw unknownObject(c.req.param("waba"));
    return graphJson({
      data: numbers.map(({ phone_number_id, display_phone_number, verified_name }) => ({
        verified_name,
        display_phone_number,
        id: phone_number_id,
      })),
    });
  });
  return app;
}
