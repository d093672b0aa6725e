import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import type { KnownIdentity } from "../contact-book.ts";
import type { ItemParser } from "../context.ts";
import type { Direction, EventSource } from "../events.ts";
import { invalidEvent } from "../other-event.ts";
import {
  optionalPhone,
  optionalSeconds,
  optionalText,
  optionalTimestamp,
  optionalUuid,
} from "../scalars.ts";

const callSchema = z.object({
  id: z.string().min(1),
  event: z.string().min(1),
  direction: optionalText,
  timestamp: optionalTimestamp,
  from: optionalPhone,
  from_user_id: optionalText,
  from_parent_user_id: optionalText,
  to: optionalPhone,
  to_user_id: optionalText,
  to_parent_user_id: optionalText,
  session: z.object({ sdp_type: optionalText }).nullable().catch(null),
  start_time: optionalTimestamp,
  end_time: optionalTimestamp,
  duration: optionalSeconds,
  biz_opaque_callback_data: optionalUuid,
});

type Call = z.infer<typeof callSchema>;

/** One element of `calls[]`: something that happened to a call. */
export const parseCall: ItemParser = (item, { source, contacts, path }) => {
  const parsed = callSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const call = parsed.data;
  const direction = readDirection(call);
  return {
    kind: "call",
    ...source,
    call_id: call.id,
    event: call.event,
    direction,
    contact: contacts.identify(readPerson(call, direction, source)),
    timestamp: call.timestamp,
    duration_s: call.duration,
    started_at: call.start_time,
    ended_at: call.end_time,
    message_id: call.biz_opaque_callback_data,
    content: item,
  };
};

const DIRECTIONS: ReadonlyMap<string, Direction> = new Map([
  ["USER_INITIATED", "inbound"],
  ["BUSINESS_INITIATED", "outbound"],
]);

/** Meta leaves it out at places. Then who is called says it: a caller offers a session, and the called answers. */
function readDirection({ direction, session, to_user_id }: Call): Direction {
  const known = DIRECTIONS.get(direction ?? "");
  if (known !== undefined) return known;
  return session?.sdp_type === "answer" || to_user_id !== null ? "outbound" : "inbound";
}

/**
 * The person at the other end. In some of Meta's bodies `from` is the business whoever called, so the business's
 * own number is never taken for the person's.
 */
function readPerson(
  call: Call,
  direction: Direction,
  { display_phone_number }: EventSource,
): KnownIdentity {
  const caller = {
    phone: call.from,
    bsuid: call.from_user_id,
    parent_bsuid: call.from_parent_user_id,
  };
  const called = { phone: call.to, bsuid: call.to_user_id, parent_bsuid: call.to_parent_user_id };
  const [person, other] = direction === "inbound" ? [caller, called] : [called, caller];
  const business = display_phone_number?.replaceAll(/\D/g, "");
  if (person.phone !== business) return person;
  return {
    phone: other.phone,
    bsuid: person.bsuid ?? other.bsuid,
    parent_bsuid: person.parent_bsuid ?? other.parent_bsuid,
  };
}
