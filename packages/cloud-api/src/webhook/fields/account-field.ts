import { z } from "zod";
import type { FieldParser } from "../context.ts";
import { optionalText, optionalTimestamp } from "../scalars.ts";

const alertSchema = { alert_type: optionalText, alert_severity: optionalText };

const valueSchema = z.object({
  event: optionalText,
  decision: optionalText,
  ...alertSchema,
  alert_info: z.object(alertSchema).nullable().catch(null),
  severity: optionalText,
  timestamp: optionalTimestamp,
});

/** A field whose whole value is one piece of news: about the account, a number, a flow, a partner. */
export const parseAccountField: FieldParser = ({ source, time, value }) => {
  const { event, decision, alert_info, severity, timestamp, ...alert } = valueSchema.parse(value);
  return [
    {
      kind: "account",
      ...source,
      event: event ?? decision ?? alert_info?.alert_type ?? alert.alert_type ?? source.field,
      severity: alert_info?.alert_severity ?? alert.alert_severity ?? severity,
      timestamp: time ?? timestamp,
      content: value,
    },
  ];
};
