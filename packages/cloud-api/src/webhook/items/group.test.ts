import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { GroupEvent } from "../events.ts";
import { eventsOfField, identity, SOURCE } from "../test-bodies.ts";

const GROUP_ID = "Y2FwaV9ncm91cDox";
const ERROR = { code: 131009, title: "Wrong value", error_data: { details: "Who?" } };
const READ_ERROR = {
  code: 131009,
  title: "Wrong value",
  message: null,
  details: "Who?",
  href: null,
};

function onlyGroup(type: string, parts: JsonObject = {}): GroupEvent {
  const group = { timestamp: "1790000000", group_id: GROUP_ID, type, ...parts };
  const [event] = eventsOfField("group_participants_update", { groups: [group] });
  if (event?.kind !== "group") throw new Error(`not a group: ${JSON.stringify(event)}`);
  return event;
}

test("a new group, in full", () => {
  const group = {
    timestamp: "1790000000",
    group_id: GROUP_ID,
    type: "group_create",
    request_id: "r1",
    subject: "Kiln, Tuesday",
    invite_link: "https://chat.whatsapp.com/x",
    join_approval_mode: "auto_approve",
  };
  expect(eventsOfField("group_lifecycle_update", { groups: [group] })).toEqual([
    {
      kind: "group",
      ...SOURCE,
      field: "group_lifecycle_update",
      group_id: GROUP_ID,
      event: "group_create",
      subject: "Kiln, Tuesday",
      timestamp: "2026-09-21T14:13:20.000Z",
      contact: null,
      error: null,
      content: group,
    },
  ]);
});

test.each([
  "group_create",
  "group_delete",
  "group_participants_add",
  "group_participants_remove",
  "group_join_request_created",
  "group_join_request_revoked",
  "group_settings_update",
  "group_suspend",
  "group_suspend_cleared",
  "group_hologram",
])("%s is an event of a group", (type) => {
  expect(onlyGroup(type)).toMatchObject({ event: type, group_id: GROUP_ID });
});

test("several groups in one change, the bad one kept whole", () => {
  const group = { type: "group_suspend", group_id: GROUP_ID };
  const groups = [{ type: "group_suspend" }, group, { group_id: GROUP_ID }, 5];
  expect(eventsOfField("group_status_update", { groups })).toMatchObject([
    {
      reason: "invalid",
      detail: expect.stringContaining("value.groups[0].group_id: "),
      content: groups[0],
    },
    { kind: "group", event: "group_suspend" },
    { reason: "invalid", detail: expect.stringContaining("value.groups[2].type: ") },
    { reason: "invalid", content: 5 },
  ]);
});

test("who asks to join stands in the item", () => {
  const parts = { wa_id: "4670111222", user_id: "SE.222", username: "@boris.l" };
  expect(onlyGroup("group_join_request_created", parts).contact).toEqual(
    identity({ phone: "4670111222", bsuid: "SE.222", username: "boris.l" }),
  );
});

test.each(["added_participants", "removed_participants", "failed_participants"])(
  "the one participant of %s is the person",
  (list) => {
    const participant = { user_id: "SE.222", parent_user_id: "SE.ENT.2" };
    expect(onlyGroup("group_participants_add", { [list]: [participant] }).contact).toEqual(
      identity({ bsuid: "SE.222", parent_bsuid: "SE.ENT.2" }),
    );
  },
);

test.each<JsonObject>([
  { added_participants: [{ wa_id: "1" }, { wa_id: "2" }] },
  { added_participants: [{ wa_id: "1" }, { wa_id: "WHATSAPP_ID" }] },
  { removed_participants: [{ wa_id: "1" }], failed_participants: [{ wa_id: "2" }] },
  { added_participants: [{ wa_id: "WHATSAPP_ID" }] },
  { added_participants: [null] },
  { added_participants: "x" },
  { added_participants: [] },
  { wa_id: "" },
])("%j is nobody in particular, and stays in the content", (parts) => {
  const event = onlyGroup("group_participants_add", parts);
  expect(event.contact).toBeNull();
  expect(event.content).toMatchObject(parts);
});

test("a new subject counts when it was taken, a refused one does not", () => {
  const taken = { group_subject: { text: "Kiln, Friday", update_successful: true } };
  const refused = { group_subject: { text: "Kiln!", update_successful: false, errors: [ERROR] } };
  expect(onlyGroup("group_settings_update", taken)).toMatchObject({
    subject: "Kiln, Friday",
    error: null,
  });
  expect(onlyGroup("group_settings_update", refused)).toMatchObject({
    subject: null,
    error: READ_ERROR,
  });
});

test.each<JsonObject>([
  { errors: [ERROR, { code: 1 }], group_subject: { errors: [{ code: 2 }] } },
  { group_description: { update_successful: false, errors: [ERROR] } },
  { profile_picture: { update_successful: false, errors: [ERROR] } },
  { failed_participants: [null, { wa_id: "1", errors: [ERROR] }] },
])("the first error, wherever it stands: %j", (parts) => {
  expect(onlyGroup("group_settings_update", parts).error).toEqual(READ_ERROR);
});

test("an error whose code is a word is none, and the event lives", () => {
  expect(onlyGroup("group_delete", { errors: [{ code: "ERROR_CODE" }] }).error).toBeNull();
});
