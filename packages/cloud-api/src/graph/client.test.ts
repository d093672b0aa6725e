import { expect, test } from "vitest";
import { parseOutboundMessage } from "../outbound/message.ts";
import { SAMPLE_MESSAGES } from "../outbound/test-messages.ts";
import { createGraphClient } from "./client.ts";
import { answering, SENT, type FakeServer } from "./test-server.ts";

const phone_number_id = "770088009900110";

function clientOf(server: FakeServer) {
  return createGraphClient({ access_token: "token-1", fetch: server.fetch });
}

test("sendText puts Meta's JSON on the wire, in full", async () => {
  const server = answering(200, SENT);
  const sent = await clientOf(server).sendText({
    phone_number_id,
    to: "4915155501",
    body: "We open at nine.",
    reply_to_wamid: "wamid.QURB",
    preview_url: false,
    biz_opaque_callback_data: "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69",
  });
  expect(sent).toEqual({
    wamid: "wamid.U0VOVA",
    wa_id: "4915155501",
    user_id: null,
    group_id: null,
    message_status: null,
  });
  const [call] = server.calls;
  expect(call?.url).toBe(`https://graph.facebook.com/v26.0/${phone_number_id}/messages`);
  expect(call?.init).toMatchObject({
    method: "POST",
    redirect: "manual",
    headers: { authorization: "Bearer token-1", "content-type": "application/json" },
  });
  expect(call?.body).toEqual({
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to: "+4915155501",
    type: "text",
    text: { body: "We open at nine.", preview_url: false },
    context: { message_id: "wamid.QURB" },
    biz_opaque_callback_data: "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69",
  });
});

test("what is not given is not sent", async () => {
  const server = answering(200, SENT);
  await clientOf(server).sendText({ phone_number_id, to: "+4915155501", body: "Hi" });
  expect(server.calls[0]?.body).toEqual({
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to: "+4915155501",
    type: "text",
    text: { body: "Hi" },
  });
});

test("a user id goes out as recipient and comes back as user_id", async () => {
  const server = answering(200, {
    contacts: [{ input: "SE.222", user_id: "SE.222" }],
    messages: [{ id: "wamid.B", message_status: "held_for_quality_assessment" }],
  });
  const sent = await clientOf(server).sendText({
    phone_number_id,
    recipient: "SE.222",
    body: "Hi",
  });
  expect(sent).toEqual({
    wamid: "wamid.B",
    wa_id: null,
    user_id: "SE.222",
    group_id: null,
    message_status: "held_for_quality_assessment",
  });
  expect(server.calls[0]?.body).toMatchObject({ recipient: "SE.222" });
  expect(server.calls[0]?.body).not.toHaveProperty("to");
});

test("sendMessage takes any type of message, to a group too", async () => {
  const server = answering(200, SENT);
  const reaction = { message_id: "wamid.QURB", emoji: "" };
  await clientOf(server).sendMessage(phone_number_id, {
    to: "4915155501",
    type: "reaction",
    reaction,
  });
  await clientOf(server).sendMessage(phone_number_id, {
    to: "Y2FwaV9ncm91cDox",
    recipient_type: "group",
    type: "text",
    text: { body: "All" },
  });
  expect(server.calls.map((call) => call.body)).toMatchObject([
    { messaging_product: "whatsapp", to: "+4915155501", type: "reaction", reaction },
    { recipient_type: "group", to: "Y2FwaV9ncm91cDox" },
  ]);
});

test("markRead, with and without typing", async () => {
  const server = answering(200, { success: true });
  await clientOf(server).markRead({ phone_number_id, wamid: "wamid.QURB" });
  await clientOf(server).markRead({ phone_number_id, wamid: "wamid.QURB", typing_indicator: true });
  const read = { messaging_product: "whatsapp", status: "read", message_id: "wamid.QURB" };
  expect(server.calls.map((call) => call.body)).toEqual([
    read,
    { ...read, typing_indicator: { type: "text" } },
  ]);
});

test("version and base URL can be set for one client", async () => {
  const server = answering(200, SENT);
  const client = createGraphClient({
    access_token: "token-1",
    base_url: "http://localhost:4000/graph/",
    version: "v25.0",
    fetch: server.fetch,
  });
  await client.sendText({ phone_number_id: "1", to: "4915155501", body: "Hi" });
  expect(server.calls[0]?.url).toBe("http://localhost:4000/graph/v25.0/1/messages");
});

test.each([
  ["to: must be", { to: "015155501" }],
  ["to: must be", { to: "+49 151 55501" }],
  ["to: must be", { to: "" }],
  ["recipient: is empty", { recipient: "" }],
  ["to, recipient: give one", JSON.parse("{}")],
  ["to, recipient: give one", JSON.parse('{"to":"4915155501","recipient":"SE.222"}')],
])(
  "a recipient that cannot be right is refused before anything is sent: %s %j",
  async (message, to) => {
    const server = answering(200, SENT);
    const send = clientOf(server).sendText({ phone_number_id, body: "Hi", ...to });
    await expect(send).rejects.toMatchObject({
      code: "invalid_request",
      retry: "never",
      message: expect.stringContaining(message),
    });
    expect(server.calls).toEqual([]);
  },
);

test("a text, callback data or number id that cannot be right is refused too", async () => {
  const server = answering(200, SENT);
  const client = clientOf(server);
  const text = { phone_number_id, to: "4915155501", body: "Hi" };
  for (const [message, parts] of [
    ["body: must not be empty", { body: " " }],
    [
      "biz_opaque_callback_data: must have at most 512",
      { biz_opaque_callback_data: "x".repeat(513) },
    ],
    ["phone_number_id: must be", { phone_number_id: "../me" }],
    ["phone_number_id: must be", { phone_number_id: "" }],
  ] as const) {
    await expect(client.sendText({ ...text, ...parts })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining(message),
    });
  }
  await expect(client.markRead({ phone_number_id: "1/2", wamid: "x" })).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(server.calls).toEqual([]);
});

test.each([
  ["access_token", { access_token: "" }],
  ["access_token", { access_token: "token-1\n" }],
  ["access_token", { access_token: "Bearer token" }],
  ["base_url", { base_url: "graph.facebook.com" }],
  ["base_url", { base_url: "file:///etc" }],
  ["version", { version: "26" }],
])(
  "options that cannot work are refused at once, by name and without the token: %s",
  (name, options) => {
    const create = () => createGraphClient({ access_token: "token-1", ...options });
    expect(create).toThrow(new RegExp(`^${name}: `));
    expect(create).not.toThrow(/token-1|Bearer/);
  },
);

test("product_policy sends through the Marketing Messages API", async () => {
  const server = answering(200, SENT);
  const marketing = { type: "template", template: { name: "a" }, product_policy: "STRICT" };
  await clientOf(server).sendMessage(phone_number_id, { to: "4915155501", ...marketing });
  expect(server.calls[0]?.url).toBe(
    `https://graph.facebook.com/v26.0/${phone_number_id}/marketing_messages`,
  );
  expect(server.calls[0]?.body).toMatchObject({ ...marketing, messaging_product: "whatsapp" });
});

test("a send to a group comes back with the group", async () => {
  const server = answering(200, {
    contacts: [{ input: "Y2FwaV9ncm91cDox" }],
    messages: [{ id: "wamid.G", group_id: "Y2FwaV9ncm91cDox" }],
  });
  const sent = await clientOf(server).sendMessage(phone_number_id, {
    to: "Y2FwaV9ncm91cDox",
    recipient_type: "group",
    type: "text",
    text: { body: "All" },
  });
  expect(sent).toMatchObject({ wamid: "wamid.G", group_id: "Y2FwaV9ncm91cDox", wa_id: null });
});

test.each(Object.entries(SAMPLE_MESSAGES))(
  "what was checked is what is sent: %s",
  async (_name, sample) => {
    const server = answering(200, SENT);
    const parsed = parseOutboundMessage(sample);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    await clientOf(server).sendMessage(phone_number_id, { ...parsed.message, to: "4915155501" });
    expect(server.calls[0]?.body).toEqual({
      ...parsed.message,
      messaging_product: "whatsapp",
      recipient_type: "individual",
      to: "+4915155501",
    });
  },
);
