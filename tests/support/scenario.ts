import * as fc from "fast-check";

/** One change of a webhook, as Meta sends it, but for the number that it is addressed to. */
export interface Change {
  field: string;
  value: Record<string, unknown>;
  /** For fields that speak of the account: when (entry.time). */
  time?: number;
}

const START = 1_795_000_000;

const seconds = fc.integer({ min: START, max: START + 5_000 });

/** Three people. A webhook shows their phone, their user id, or both. */
const people = [1, 2, 3].map((index) => ({
  phone: `4917000000${index}`,
  bsuid: `DE.100${index}`,
}));

const identity = fc.record({
  person: fc.constantFrom(...people),
  shows: fc.constantFrom("phone", "bsuid", "both"),
  name: fc.constantFrom("Mara", "Mara Lindt", null),
});

type Identity = typeof identity extends fc.Arbitrary<infer Value> ? Value : never;

function sender({ person, shows, name }: Identity) {
  const phone = shows === "bsuid" ? {} : { from: person.phone };
  const user = shows === "phone" ? {} : { from_user_id: person.bsuid };
  const contact = {
    ...(shows === "bsuid" ? {} : { wa_id: person.phone }),
    ...(shows === "phone" ? {} : { user_id: person.bsuid }),
    ...(name === null ? {} : { profile: { name } }),
  };
  return { message: { ...phone, ...user }, contacts: [contact] };
}

const wamids = ["A", "B", "C", "D", "E"].map((letter) => `wamid.in.${letter}`);
const echoes = ["X", "Y", "Z"].map((letter) => `wamid.out.${letter}`);

/** A message's sender, time and text follow from its id, as they do at Meta. */
const inbound = fc.record({ who: identity, at: seconds, kind: fc.constantFrom("text", "image") });

function messageChange(
  id: string,
  { who, at, kind }: { who: Identity; at: number; kind: string },
): Change {
  const { message, contacts } = sender(who);
  const part =
    kind === "text" ? { text: { body: `text of ${id}` } } : { image: { id: "1", caption: id } };
  return {
    field: "messages",
    value: { contacts, messages: [{ ...message, id, timestamp: String(at), type: kind, ...part }] },
  };
}

const reaction = fc
  .tuple(
    identity,
    fc.constantFrom(...wamids, ...echoes),
    fc.constantFrom("👍", "❤️", null),
    seconds,
    fc.uuid(),
  )
  .map(([who, message_id, emoji, at, id]): Change => {
    const { message, contacts } = sender(who);
    const part = { message_id, ...(emoji === null ? {} : { emoji }) };
    const item = {
      ...message,
      id: `wamid.${id}`,
      timestamp: String(at),
      type: "reaction",
      reaction: part,
    };
    return { field: "messages", value: { contacts, messages: [item] } };
  });

const amendment = fc
  .tuple(
    identity,
    fc.constantFrom(...wamids),
    fc.constantFrom("edit", "revoke"),
    seconds,
    fc.uuid(),
  )
  .map(([who, original_message_id, type, at, id]): Change => {
    const { message, contacts } = sender(who);
    const part =
      type === "revoke"
        ? { original_message_id }
        : { original_message_id, message: { type: "text", text: { body: `edit ${id}` } } };
    const item = { ...message, id: `wamid.${id}`, timestamp: String(at), type, [type]: part };
    return { field: "messages", value: { contacts, messages: [item] } };
  });

const status = fc
  .tuple(
    fc.constantFrom(...echoes),
    fc.constantFrom("sent", "delivered", "read", "played", "failed"),
    seconds,
  )
  .map(([id, state, at]): Change => {
    const errors = state === "failed" ? { errors: [{ code: 131026, title: "Undeliverable" }] } : {};
    const item = {
      id,
      status: state,
      timestamp: String(at),
      recipient_id: people[0]?.phone,
      ...errors,
    };
    return { field: "messages", value: { statuses: [item] } };
  });

const preference = fc
  .tuple(fc.constantFrom(...people), fc.constantFrom("stop", "resume"), seconds)
  .map(([person, value, timestamp]): Change => {
    const item = { wa_id: person.phone, category: "marketing_messages", value, timestamp };
    return {
      field: "user_preferences",
      value: { contacts: [{ wa_id: person.phone }], user_preferences: [item] },
    };
  });

const call = fc
  .tuple(fc.constantFrom(...people), fc.constantFrom("connect", "terminate"), seconds)
  .map(([person, event, at]): Change => {
    const item = {
      id: `wacid.${person.phone}`,
      from: person.phone,
      to: "15550100000",
      event,
      timestamp: String(at),
    };
    return { field: "calls", value: { calls: [{ ...item, direction: "USER_INITIATED" }] } };
  });

const addressBook = fc
  .tuple(
    fc.constantFrom(...people),
    fc.constantFrom("add", "remove"),
    fc.constantFrom("Pablo", "Paula"),
    seconds,
  )
  .map(([person, action, full_name, at]): Change => {
    const contact = { full_name, phone_number: person.phone };
    const item = { type: "contact", contact, action, metadata: { timestamp: String(at) } };
    return { field: "smb_app_state_sync", value: { state_sync: [item] } };
  });

const template = fc
  .tuple(fc.constantFrom("APPROVED", "PAUSED", "REJECTED"), seconds)
  .map(([event, time]): Change => {
    const about = {
      message_template_id: 77,
      message_template_name: "hello",
      message_template_language: "en",
    };
    return {
      field: "message_template_status_update",
      time,
      value: { event, reason: "NONE", ...about },
    };
  });

const nobodyKnows = fc
  .tuple(fc.constantFrom("tomorrows_field", "messages"), fc.uuid())
  .map(([field, id]): Change => ({ field, value: { tomorrow: [{ id }] } }));

/** What Meta could send of a few people, a few messages and a template, in no particular order. */
export const scenarioArbitrary: fc.Arbitrary<Change[]> = fc
  .record({
    messages: fc.tuple(...wamids.map(() => fc.option(inbound, { nil: null }))),
    echoes: fc.tuple(
      ...echoes.map(() => fc.option(fc.tuple(fc.constantFrom(...people), seconds), { nil: null })),
    ),
    others: fc.array(
      fc.oneof(
        reaction,
        amendment,
        status,
        status,
        preference,
        call,
        addressBook,
        template,
        nobodyKnows,
      ),
      { maxLength: 14 },
    ),
  })
  .map((parts) => [
    ...parts.messages.flatMap((message, index) =>
      message === null ? [] : [messageChange(wamids[index] ?? "", message)],
    ),
    ...parts.echoes.flatMap((echo, index): Change[] => {
      if (echo === null) return [];
      const [person, at] = echo;
      const item = {
        from: "15550100000",
        to: person.phone,
        id: echoes[index],
        timestamp: String(at),
      };
      const text = { type: "text", text: { body: "from the shop's phone" } };
      return [{ field: "smb_message_echoes", value: { message_echoes: [{ ...item, ...text }] } }];
    }),
    ...parts.others,
    // Whoever came by phone and by user id apart is shown with both in the end: one person each.
    ...people.map((person, index) =>
      messageChange(`wamid.both.${index}`, {
        who: { person, shows: "both", name: null },
        at: START,
        kind: "text",
      }),
    ),
  ]);
