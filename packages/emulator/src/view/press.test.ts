import { expect, test } from "vitest";
import { z } from "zod";
import {
  MARA,
  arrived,
  createReceiver,
  createTestEmulator,
  sendOk,
  valueOf,
} from "../test-support.ts";

const messagesSchema = z.object({ messages: z.tuple([z.record(z.string(), z.unknown())]) });
const body = { text: "Choose" };
const interactive = (type: string, action: object) => ({ type, body, action });

async function start() {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator();
  emulator.updateSettings({ statuses: false, webhook_url: url });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  await arrived(received, 1);
  return { emulator, received };
}

const row = { id: "r1", title: "Row", description: "More" };
const KINDS: readonly (readonly [
  name: string,
  content: unknown,
  choice: string | number,
  inbound: object,
])[] = [
  [
    "a button",
    interactive("button", {
      buttons: [
        { type: "reply", reply: { id: "no", title: "No" } },
        { type: "reply", reply: { id: "yes", title: "Yes" } },
      ],
    }),
    "Yes",
    {
      type: "interactive",
      interactive: { type: "button_reply", button_reply: { id: "yes", title: "Yes" } },
    },
  ],
  [
    "a row of a list",
    interactive("list", { button: "Menu", sections: [{ rows: [row] }] }),
    "r1",
    { type: "interactive", interactive: { type: "list_reply", list_reply: row } },
  ],
  [
    "a flow",
    interactive("flow", {
      name: "flow",
      parameters: { flow_message_version: "3", flow_cta: "Book", flow_id: "1", flow_token: "tok" },
    }),
    0,
    {
      type: "interactive",
      interactive: {
        type: "nfm_reply",
        nfm_reply: { name: "flow", body: "Sent", response_json: '{"flow_token":"tok","seats":2}' },
      },
    },
  ],
  [
    "a location request",
    interactive("location_request_message", { name: "send_location" }),
    0,
    { type: "location", location: { latitude: expect.any(Number), seats: 2 } },
  ],
  [
    "an address request",
    interactive("address_message", { name: "address_message", parameters: { country: "SG" } }),
    0,
    { type: "interactive", interactive: { nfm_reply: { name: "address_message" } } },
  ],
  [
    "a call permission",
    interactive("call_permission_request", { name: "call_permission_request" }),
    "reject",
    { type: "interactive", interactive: { call_permission_reply: { response: "reject" } } },
  ],
  [
    "a product",
    interactive("product", { catalog_id: "c", product_retailer_id: "p" }),
    0,
    { type: "order", order: { catalog_id: "c", product_items: [{ product_retailer_id: "p" }] } },
  ],
  [
    "a contact request",
    interactive("request_contact_info", { name: "request_contact_info" }),
    0,
    { type: "contacts", contacts: expect.any(Array) },
  ],
];

test.each(KINDS)("pressing %s sends the reply that Meta would", async (...case_) => {
  const [, content, choice, inbound] = case_;
  const { emulator, received } = await start();
  const message_id = await sendOk(emulator, { type: "interactive", interactive: content });
  const with_answers = choice === 0 ? { reply: { seats: 2 } } : {};
  const { id } = emulator.press(MARA, { message_id, choice, ...with_answers });
  await arrived(received, 2);
  const [message] = messagesSchema.parse(
    valueOf(received[1] ?? { bytes: Buffer.from("") }),
  ).messages;
  expect(message).toMatchObject({
    ...inbound,
    id,
    context: { from: "15550783881", id: message_id },
  });
});

test("what is not there to press is refused with what is", async () => {
  const { emulator } = await start();
  const buttons = [{ type: "reply", reply: { id: "yes", title: "Yes" } }];
  const message_id = await sendOk(emulator, {
    type: "interactive",
    interactive: interactive("button", { buttons }),
  });
  expect(() => emulator.press(MARA, { message_id, choice: "No" })).toThrow('offers "Yes"');
  const text_id = await sendOk(emulator);
  expect(() => emulator.press(MARA, { message_id: text_id })).toThrow("nothing to press");
});

test("a link is shown and cannot be pressed", async () => {
  const { emulator } = await start();
  const parameters = { display_text: "Open", url: "https://example.com/" };
  const message_id = await sendOk(emulator, {
    type: "interactive",
    interactive: interactive("cta_url", { name: "cta_url", parameters }),
  });
  expect(emulator.customerMessages(MARA).at(-1)?.view?.choices).toMatchObject([
    { label: "Open", href: "https://example.com/", reply: null },
  ]);
  expect(() => emulator.press(MARA, { message_id })).toThrow("nothing to press");
});

test("a reaction to an unknown message is found out later", async () => {
  const { emulator } = await start();
  const { id: message_id } = emulator.sendFromCustomer(MARA, { text: { body: "Nice?" } });
  await sendOk(emulator, { type: "reaction", reaction: { message_id, emoji: "👍" } });
  await sendOk(emulator, { type: "reaction", reaction: { message_id: "wamid.x", emoji: "👍" } });
  await expect
    .poll(() => emulator.customerMessages(MARA).map(({ error }) => error?.code))
    .toEqual([undefined, undefined, undefined, 131009]);
});
