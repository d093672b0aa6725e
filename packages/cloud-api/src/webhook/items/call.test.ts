import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { CallEvent } from "../events.ts";
import {
  ADA,
  BORIS,
  eventsOf,
  eventsOfField,
  identity,
  SOURCE,
  statusItem,
} from "../test-bodies.ts";

function callItem(parts: JsonObject = {}): JsonObject {
  return {
    id: "wacid.Q0FMTA",
    from: "4915155501",
    to: "493012345678",
    event: "connect",
    direction: "USER_INITIATED",
    timestamp: "1790000000",
    ...parts,
  };
}

function onlyCall(call: JsonObject, contacts?: JsonObject[]): CallEvent {
  const [event] = eventsOfField("calls", { calls: [call], ...(contacts && { contacts }) });
  if (event?.kind !== "call") throw new Error(`not a call: ${JSON.stringify(event)}`);
  return event;
}

test("a call that has ended, in full", () => {
  const call = callItem({
    event: "terminate",
    status: "COMPLETED",
    start_time: "1789999880",
    end_time: "1790000000",
    duration: 120,
    biz_opaque_callback_data: "0198C5A2-6B1E-7CC3-9A55-0F2D3C4B5A69",
  });
  expect(onlyCall(call, [ADA])).toEqual({
    kind: "call",
    ...SOURCE,
    field: "calls",
    call_id: "wacid.Q0FMTA",
    event: "terminate",
    direction: "inbound",
    contact: identity({ phone: "4915155501", profile_name: "Ada Brandt" }),
    timestamp: "2026-09-21T14:13:20.000Z",
    duration_s: 120,
    started_at: "2026-09-21T14:11:20.000Z",
    ended_at: "2026-09-21T14:13:20.000Z",
    message_id: "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69",
    content: call,
  });
});

test.each([
  "connect",
  "terminate",
  "call_created",
  "call_recording_available",
  "call_transcription_available",
  "call_hologram",
])("%s is an event of a call", (event) => {
  expect(onlyCall(callItem({ event })).event).toBe(event);
});

test("a call that the business makes: the person is who is called", () => {
  const call = callItem({
    direction: "BUSINESS_INITIATED",
    from: "493012345678",
    to: "4670111222",
    to_user_id: "SE.222",
    to_parent_user_id: "SE.ENT.9",
  });
  expect(onlyCall(call, [ADA, BORIS])).toMatchObject({
    direction: "outbound",
    contact: {
      phone: "4670111222",
      bsuid: "SE.222",
      parent_bsuid: "SE.ENT.9",
      username: "boris.l",
    },
  });
});

test("the business is never taken for the person, wherever Meta writes it", () => {
  const swapped = { from: "493012345678", to: "4915155501" };
  expect(onlyCall(callItem(swapped))).toMatchObject({
    direction: "inbound",
    contact: { phone: "4915155501" },
  });
  expect(onlyCall(callItem({ ...swapped, from_user_id: "DE.1" }))).toMatchObject({
    contact: { phone: "4915155501", bsuid: "DE.1" },
  });
  expect(onlyCall(callItem({ direction: "BUSINESS_INITIATED" })).contact.phone).toBe("4915155501");
});

test.each([
  [{ session: { sdp_type: "offer" } }, "inbound"],
  [{ session: { sdp_type: "answer" } }, "outbound"],
  [{ to_user_id: "DE.1" }, "outbound"],
  [{ from_user_id: "DE.1" }, "inbound"],
  [{}, "inbound"],
])("without a direction, %j is %s", (parts, direction) => {
  for (const missing of [null, "", "SIDEWAYS"]) {
    expect(onlyCall(callItem({ direction: missing, ...parts })).direction).toBe(direction);
  }
});

test("who is on a call that names nobody is not known, and the call lives", () => {
  expect(onlyCall(callItem({ from: null, to: null })).contact).toEqual(identity({}));
  expect(onlyCall(callItem({ from: "", to: "" }), [ADA]).contact.phone).toBe("4915155501");
});

test.each([
  [120, 120],
  ["120", 120],
  [0, 0],
  [-1, null],
  [1.5, null],
  [2 ** 31, null],
  ["", null],
  [null, null],
])("a duration of %j reads as %j", (duration, expected) => {
  expect(onlyCall(callItem({ duration })).duration_s).toBe(expected);
});

test("what Meta writes as a list of what there could be does no harm", () => {
  const call = callItem({ event: "terminate", status: ["Failed", "Completed"] });
  expect(onlyCall(call).content).toEqual(call);
});

test.each([
  ["no id", { id: null }],
  ["an empty id", { id: "" }],
  ["no event", { event: null }],
])("%s: invalid, whole, and the next one parses", (_name, parts) => {
  const call = callItem(parts);
  expect(eventsOfField("calls", { calls: [call, callItem()] })).toMatchObject([
    { reason: "invalid", content: call },
    { kind: "call" },
  ]);
});

function callStatus(parts: JsonObject = {}): JsonObject {
  return statusItem({ id: "wacid.Q0FMTA", type: "call", status: "RINGING", ...parts });
}

test("a status of a call, in full", () => {
  const status = callStatus({
    recipient_user_id: "DE.1",
    recipient_parent_user_id: "DE.ENT.1",
    biz_opaque_callback_data: "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69",
  });
  expect(eventsOfField("calls", { statuses: [status], contacts: [ADA] })).toEqual([
    {
      kind: "call",
      ...SOURCE,
      field: "calls",
      call_id: "wacid.Q0FMTA",
      event: "ringing",
      direction: "outbound",
      contact: identity({
        phone: "4915155501",
        bsuid: "DE.1",
        parent_bsuid: "DE.ENT.1",
        profile_name: "Ada Brandt",
      }),
      timestamp: "2026-09-21T14:15:00.000Z",
      duration_s: null,
      started_at: null,
      ended_at: null,
      message_id: "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69",
      content: status,
    },
  ]);
});

test.each(["RINGING", "ACCEPTED", "REJECTED"])("%s is read in lower case", (status) => {
  expect(eventsOfField("calls", { statuses: [callStatus({ status })] })).toMatchObject([
    { kind: "call", event: status.toLowerCase() },
  ]);
});

test("whether a status is a call's is told by its type, and without one by the field", () => {
  const { type: _type, ...untyped } = callStatus();
  expect(eventsOfField("calls", { statuses: [untyped, statusItem({ type: "message" })] })).toEqual([
    expect.objectContaining({ kind: "call", event: "ringing" }),
    expect.objectContaining({ kind: "status", status: "delivered" }),
  ]);
  expect(eventsOf({ statuses: [callStatus(), untyped] })).toMatchObject([
    { kind: "call", event: "ringing" },
    { kind: "other", reason: "unhandled_item" },
  ]);
});

test.each([{ id: null }, { status: null }, { status: "" }])("%j: invalid, whole", (parts) => {
  const status = callStatus(parts);
  expect(eventsOfField("calls", { statuses: [status] })).toMatchObject([
    { reason: "invalid", content: status },
  ]);
});

test("errors beside a call are an event of their own", () => {
  const error = { code: 138012, title: "Call limit" };
  expect(eventsOfField("calls", { calls: [callItem()], errors: [error] })).toMatchObject([
    { kind: "call" },
    { kind: "account", event: "error", content: error },
  ]);
});
