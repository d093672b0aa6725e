import { expect, test } from "vitest";
import { outbound } from "./build.ts";
import { SAMPLE_MESSAGES } from "./test-messages.ts";

const wamid = "wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQUZCMTY0MDc2MUYwNzBDNTY5MAA=";

test.each([
  ["text", outbound.text("See https://www.example.com/", { preview_url: true })],
  ["an answer", outbound.text("Yes", { reply_to: wamid })],
  ["image", outbound.image({ id: "1479537139650973" }, { caption: "The best succulent?" })],
  ["audio", outbound.audio({ link: "https://www.example.com/assets/wind-chime.mp3" })],
  ["voice", outbound.voice({ id: "1013859600285441" })],
  ["video", outbound.video({ id: "1166846181421424" }, { caption: "A succulent eclipse!" })],
  [
    "document",
    outbound.document({ id: "1376223850470843" }, { filename: "order.pdf", caption: "Your order" }),
  ],
  ["sticker", outbound.sticker({ id: "798882015472548" })],
  ["reaction", outbound.reaction(wamid, "😀")],
  ["reaction taken back", outbound.removeReaction(wamid)],
  [
    "list",
    outbound.list(
      "Which shipping option do you prefer?",
      {
        button: "Shipping Options",
        sections: [
          {
            title: "I want it ASAP!",
            rows: [{ id: "express", title: "Express", description: "Next day" }],
          },
          { title: "I can wait", rows: [{ id: "ground", title: "Ground" }] },
        ],
      },
      { header: "Choose Shipping Option", footer: "Lucky Shrub™" },
    ),
  ],
  ["location_request_message", outbound.locationRequest("Let's start with your pickup.")],
  [
    "call_permission_request",
    outbound.callPermissionRequest("We would like to call you about your order."),
  ],
  [
    "flow",
    outbound.flow(
      "Where shall we deliver?",
      {
        flow_id: "1165135069021636",
        flow_cta: "Enter details",
        flow_token: "AQAAAAACS5FpgQ_cAAAAAD0QI3s.",
        screen: "ADDRESS",
        data: { zones: [{ id: "1", title: "North" }] },
      },
      { header: "Delivery" },
    ),
  ],
  [
    "product",
    outbound.interactive({
      type: "product",
      body: { text: "Back in stock" },
      action: { catalog_id: "194836987003835", product_retailer_id: "di9ozbzfi4" },
    }),
  ],
  ["without parameters", outbound.template("hello_world", "en_US")],
])("%s is built as Meta documents it", (sample, message) => {
  expect(message).toEqual(SAMPLE_MESSAGES[sample]);
});

test("buttons answer a message", () => {
  const choices = [
    { id: "change", title: "Change" },
    { id: "cancel", title: "Cancel" },
  ];
  expect(outbound.buttons("When?", choices, { reply_to: wamid })).toEqual({
    type: "interactive",
    interactive: {
      type: "button",
      body: { text: "When?" },
      action: { buttons: choices.map((reply) => ({ type: "reply", reply })) },
    },
    context: { message_id: wamid },
  });
});

test("links, places, contacts and templates with parameters", () => {
  const link = { display_text: "See Dates", url: "https://example.com/" };
  expect(outbound.link("Tap", link, { footer: "Soon" })).toMatchObject({
    interactive: {
      type: "cta_url",
      action: { name: "cta_url", parameters: link },
      footer: { text: "Soon" },
    },
  });
  const place = { latitude: 1.5, longitude: -2, name: "Here" };
  expect(outbound.location(place)).toEqual({ type: "location", location: place });
  const card = { name: { formatted_name: "Ada L", first_name: "Ada" } };
  expect(outbound.contacts([card])).toEqual({ type: "contacts", contacts: [card] });
  const components = [{ type: "body", parameters: [{ type: "text", text: "J$FpnYnP" }] }];
  expect(outbound.template("login_code", "en_US", { components })).toMatchObject({
    template: { name: "login_code", components },
  });
});

test("what Meta would not take is thrown, with every field", () => {
  const buttons = ["a", "b", "c", "d"].map((id) => ({ id, title: id }));
  expect(() => outbound.buttons("", buttons)).toThrow(
    "interactive.body.text: must not be empty; write at least one character",
  );
  expect(() => outbound.buttons("Hi", buttons)).toThrow("interactive.action.buttons: has too many");
  expect(() => outbound.reaction("wamid.A", "no")).toThrow(
    expect.objectContaining({ code: "invalid_request" }),
  );
});
