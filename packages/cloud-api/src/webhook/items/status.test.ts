import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { StatusEvent } from "../events.ts";
import { ADA, BORIS, eventsOf, SOURCE, statusItem } from "../test-bodies.ts";

function onlyStatus(status: JsonObject, contacts?: JsonObject[]): StatusEvent {
  const [event] = eventsOf({ statuses: [status], ...(contacts && { contacts }) });
  if (event?.kind !== "status") throw new Error(`not a status: ${JSON.stringify(event)}`);
  return event;
}

test("a failed status, in full", () => {
  const status = statusItem({
    status: "failed",
    biz_opaque_callback_data: "0198C5A2-6B1E-7CC3-9A55-0F2D3C4B5A69",
    errors: [
      {
        code: 131047,
        title: "Re-engagement message",
        message: "Re-engagement message",
        error_data: { details: "More than 24 hours have passed." },
        href: "/error-codes",
      },
    ],
  });
  expect(onlyStatus(status)).toEqual({
    kind: "status",
    ...SOURCE,
    wamid: "wamid.T1VU",
    status: "failed",
    timestamp: "2026-09-21T14:15:00.000Z",
    origin: "live",
    group_id: null,
    recipient: {
      phone: "4915155501",
      bsuid: null,
      parent_bsuid: null,
      username: null,
      profile_name: null,
      participant: null,
    },
    message_id: "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69",
    error: {
      code: 131047,
      title: "Re-engagement message",
      message: "Re-engagement message",
      details: "More than 24 hours have passed.",
      href: "/error-codes",
    },
    pricing: null,
    content: status,
  });
});

test.each(["sent", "delivered", "read", "played", "failed"])("%s is a status", (status) => {
  expect(onlyStatus(statusItem({ status })).status).toBe(status);
});

test.each(["deleted", "warning", "Sent"])("%s is kept and not read", (status) => {
  const item = statusItem({ status });
  expect(eventsOf({ statuses: [item] })).toMatchObject([
    {
      kind: "other",
      reason: "unhandled_item",
      detail: expect.stringMatching(/statuses\[0\]\.status: not one of sent/),
      content: item,
    },
  ]);
});

test.each([
  ["no id", { id: null }],
  ["no status", { status: null }],
  ["no recipient", { recipient_id: null }],
  ["an empty recipient", { recipient_id: "" }],
  ["a placeholder for a recipient", { recipient_id: "<RECIPIENT>" }],
])("%s: invalid, and kept whole", (_name, parts) => {
  const item = statusItem(parts);
  expect(eventsOf({ statuses: [item] })).toMatchObject([{ reason: "invalid", content: item }]);
});

test("sent to a user id: the person comes from recipient_user_id and contacts", () => {
  const item = statusItem({ recipient_id: null, recipient_user_id: "SE.222" });
  expect(onlyStatus(item, [ADA, BORIS]).recipient).toMatchObject({
    phone: "4670111222",
    bsuid: "SE.222",
    username: "boris.l",
  });
});

test.each(["recipient_parent_user_id", "parent_recipient_user_id", "parent_user_id"])(
  "the parent id is read where Meta spells it %s",
  (key) => {
    expect(onlyStatus(statusItem({ [key]: "DE.ENT.1" })).recipient.parent_bsuid).toBe("DE.ENT.1");
  },
);

test("a group's statuses for one message differ in the participant, and no phone is the group's", () => {
  const group = { recipient_id: "1203630555", recipient_type: "group" };
  const events = eventsOf({
    contacts: [BORIS],
    statuses: [
      statusItem({ ...group, recipient_participant_id: "4915155501" }),
      statusItem({ ...group, participant_recipient_id: "4915155502" }),
      statusItem({
        ...group,
        recipient_participant_id: "4670111222",
        recipient_participant_user_id: "SE.222",
        recipient_participant_parent_user_id: "SE.ENT.7",
      }),
      statusItem({ recipient_id: "1203630555", recipient_participant_user_id: "DE.5" }),
    ],
  });
  expect(events).toMatchObject([
    {
      group_id: "1203630555",
      recipient: { participant: "4915155501", phone: "4915155501", profile_name: null },
    },
    { group_id: "1203630555", recipient: { participant: "4915155502", phone: "4915155502" } },
    {
      recipient: {
        participant: "SE.222",
        phone: "4670111222",
        parent_bsuid: "SE.ENT.7",
        profile_name: "Boris Lund",
      },
    },
    { group_id: "1203630555", recipient: { participant: "DE.5", phone: null, bsuid: "DE.5" } },
  ]);
});

test("a group status without a member is a status of the group", () => {
  const item = statusItem({ recipient_id: "1203630555", recipient_type: "group" });
  const { recipient, group_id } = onlyStatus(item);
  expect(recipient).toMatchObject({ phone: null, bsuid: null, participant: null });
  expect(group_id).toBe("1203630555");
});

test.each(["order-17", "", "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a6", 5, null])(
  "callback data that is not a message id of ours (%j) is none, and stays in the content",
  (biz_opaque_callback_data) => {
    const status = onlyStatus(statusItem({ biz_opaque_callback_data }));
    expect(status.message_id).toBeNull();
    expect(status.content).toHaveProperty("biz_opaque_callback_data", biz_opaque_callback_data);
  },
);

test.each([null, [], {}, [{}], [{ code: "131047" }], [{ code: 1.5 }], [{ code: 2 ** 31 }], "x"])(
  "errors of %j are no error, and the status lives",
  (errors) => {
    expect(onlyStatus(statusItem({ status: "failed", errors })).error).toBeNull();
  },
);

test("the first error that can be read counts, with what it has", () => {
  const errors = [null, { code: 131026, error_data: "x" }, { code: 1 }];
  expect(onlyStatus(statusItem({ status: "failed", errors })).error).toEqual({
    code: 131026,
    title: null,
    message: null,
    details: null,
    href: null,
  });
});

test("pricing is found on the status and inside the conversation", () => {
  const pricing = { billable: true, category: "utility" };
  expect(onlyStatus(statusItem({ pricing })).pricing).toEqual(pricing);
  expect(onlyStatus(statusItem({ conversation: { id: "c", pricing } })).pricing).toEqual(pricing);
  for (const other of [null, "free", [], 0]) {
    expect(onlyStatus(statusItem({ pricing: other })).pricing).toBeNull();
  }
});
