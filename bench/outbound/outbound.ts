import type { Report } from "../report.ts";
import { measureDrain } from "./drain.ts";

/** What sending costs: a dispatcher against the same calls bare. */
export async function benchOutbound(tell: (line: string) => void): Promise<Report> {
  const drain = await measureDrain(tell);
  return { ratios: drain.ratios, figures: drain.figures };
}
