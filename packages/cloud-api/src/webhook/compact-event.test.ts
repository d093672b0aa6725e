import { expect, test } from "vitest";
import { compactEvent } from "./compact-event.ts";
import { parseWebhook } from "./parse-webhook.ts";

function eventsOf(value: object) {
  const metadata = { display_phone_number: "15550100000", phone_number_id: "1" };
  const changes = [{ field: "messages", value: { metadata, ...value } }];
  return parseWebhook({ object: "whatsapp_business_account", entry: [{ id: "7", changes }] })
    .events;
}

test("a message keeps what it says, and Meta's object as it came, nulls and all", () => {
  const text = { body: "Hi", preview: null };
  const [event] = eventsOf({
    contacts: [{ wa_id: "4917", profile: { name: "Mara" } }],
    messages: [{ from: "4917", id: "wamid.A", timestamp: "1795000000", type: "text", text }],
  }).map(compactEvent);
  expect(event).toEqual({
    kind: "message",
    field: "messages",
    waba_id: "7",
    phone_number_id: "1",
    display_phone_number: "15550100000",
    wamid: "wamid.A",
    timestamp: "2026-11-18T11:06:40.000Z",
    direction: "inbound",
    origin: "live",
    contact: { phone: "4917", profile_name: "Mara" },
    type: "text",
    body: "Hi",
    content: { type: "text", text },
  });
});

test("a status goes without Meta's object; one with errors keeps it, as only the first is a field", () => {
  const status = { id: "wamid.A", timestamp: "1795000000", recipient_id: "4917" };
  const errors = [
    { code: 131_026, title: "Undeliverable" },
    { code: 1, title: "Other" },
  ];
  const [delivered, failed] = eventsOf({
    statuses: [
      { ...status, status: "delivered" },
      { ...status, status: "failed", errors },
    ],
  }).map(compactEvent);
  expect(delivered).toMatchObject({ kind: "status", status: "delivered", wamid: "wamid.A" });
  expect(delivered).not.toHaveProperty("content");
  expect(failed).toMatchObject({ status: "failed", content: { errors } });
});

test("what was not understood stays whole", () => {
  const [event] = parseWebhook({ something: null }).events.map(compactEvent);
  expect(event).toMatchObject({ kind: "other", content: { something: null } });
});
