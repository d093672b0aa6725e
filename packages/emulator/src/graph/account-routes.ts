import { Hono } from "hono";
import type { Core } from "../core.ts";
import type { BusinessNumber } from "../options.ts";
import { graphJson } from "./graph-json.ts";
import { unknownObject } from "./errors.ts";

const DEFAULT_THROUGHPUT = 80;

/** Meta's `GET /{phone_number_id}` and `GET /{waba_id}/phone_numbers`, below the version. */
export function accountRoutes(core: Core): Hono {
  const app = new Hono();
  app.get("/:waba/phone_numbers", (c) => {
    const numbers = core.store.numbers().filter(({ waba_id }) => waba_id === c.req.param("waba"));
    if (numbers.length === 0) throw unknownObject(c.req.param("waba"));
    return graphJson({ data: numbers.map((number) => describeNumber(core, number)) });
  });
  app.get("/:id", async (c, next) => {
    const number = core.store.findNumber(c.req.param("id"));
    if (number) return graphJson(describeNumber(core, number));
    await next();
    return undefined;
  });
  return app;
}

function describeNumber(core: Core, number: BusinessNumber) {
  const { verified_name, display_phone_number, phone_number_id, throughput } = number;
  return {
    verified_name,
    display_phone_number,
    quality_rating: "GREEN",
    throughput: { level: (throughput ?? DEFAULT_THROUGHPUT) >= 1000 ? "HIGH" : "STANDARD" },
    whatsapp_business_manager_messaging_limit: tier(core, number),
    id: phone_number_id,
  };
}

/** Meta's names for the portfolio's limit. */
function tier(core: Core, number: BusinessNumber): string {
  const limits = number.limits ?? core.settings.current.limits;
  if (limits === "meta") return "TIER_250";
  const people = limits === "off" ? null : limits.portfolio;
  if (people === null) return "TIER_UNLIMITED";
  return people >= 1000 ? `TIER_${Math.floor(people / 1000)}K` : `TIER_${people}`;
}
