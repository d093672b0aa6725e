import type { JsonValue } from "../json/json.ts";
import type { EventSource, OtherEvent } from "./events.ts";

/** The source of what stands in no entry: nothing is known of it. */
export const NO_SOURCE: EventSource = {
  field: "",
  waba_id: null,
  phone_number_id: null,
  display_phone_number: null,
};

/** What an OtherEvent says beside where it came from. */
type Kept = Pick<OtherEvent, "reason" | "detail" | "content">;

/** An event for what is kept and not read. */
export function otherEvent(source: EventSource, kept: Kept): OtherEvent {
  return { kind: "other", ...source, ...kept };
}

/** An event for what should have been readable and is not; `detail` names the field. */
export function invalidEvent(source: EventSource, detail: string, content: JsonValue): OtherEvent {
  return otherEvent(source, { reason: "invalid", detail, content });
}
