import type { JsonObject } from "../json/json.ts";
import { link, orderDetails, SAMPLE_TEMPLATES } from "./test-templates.ts";

// A message of every kind, in the shape in which Meta's documentation has it, without recipient.

const WAMID = "wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQUZCMTY0MDc2MUYwNzBDNTY5MAA=";
const mediaCards = (action: (index: number) => JsonObject): JsonObject[] =>
  [0, 1].map((index) => ({
    card_index: index,
    type: "cta_url",
    header: { type: "image", image: link(`plant-${index}.jpeg`) },
    body: { text: "*Blue Echeveria*\n\nPerfect for any space." },
    action: action(index),
  }));

const interactive = (part: JsonObject): JsonObject => ({ type: "interactive", interactive: part });

export const SAMPLE_INTERACTIVE: Readonly<Record<string, JsonObject>> = {
  button: interactive({
    type: "button",
    header: { type: "image", image: { id: "2762702990552401" } },
    body: { text: "Your workshop is tomorrow at nine." },
    footer: { text: "Lucky Shrub" },
    action: {
      buttons: [
        { type: "reply", reply: { id: "change", title: "Change" } },
        { type: "reply", reply: { id: "cancel", title: "Cancel" } },
      ],
    },
  }),
  list: interactive({
    type: "list",
    header: { type: "text", text: "Choose Shipping Option" },
    body: { text: "Which shipping option do you prefer?" },
    footer: { text: "Lucky Shrub™" },
    action: {
      button: "Shipping Options",
      sections: [
        {
          title: "I want it ASAP!",
          rows: [{ id: "express", title: "Express", description: "Next day" }],
        },
        { title: "I can wait", rows: [{ id: "ground", title: "Ground" }] },
      ],
    },
  }),
  cta_url: interactive({
    type: "cta_url",
    header: { type: "document", document: { ...link("dates.pdf"), filename: "dates.pdf" } },
    body: { text: "Tap the button below to see available dates." },
    footer: { text: "Dates subject to change." },
    action: {
      name: "cta_url",
      parameters: { display_text: "See Dates", url: "https://www.example.com/?clickID=kqDGWd24Q" },
    },
  }),
  flow: interactive({
    type: "flow",
    header: { type: "text", text: "Delivery" },
    body: { text: "Where shall we deliver?" },
    action: {
      name: "flow",
      parameters: {
        flow_message_version: "3",
        flow_token: "AQAAAAACS5FpgQ_cAAAAAD0QI3s.",
        flow_id: "1165135069021636",
        flow_cta: "Enter details",
        flow_action: "navigate",
        flow_action_payload: { screen: "ADDRESS", data: { zones: [{ id: "1", title: "North" }] } },
      },
    },
  }),
  location_request_message: interactive({
    type: "location_request_message",
    body: { text: "Let's start with your pickup." },
    action: { name: "send_location" },
  }),
  address_message: interactive({
    type: "address_message",
    body: { text: "Tell us what address you'd like this order delivered to." },
    action: {
      name: "address_message",
      parameters: {
        country: "IN",
        values: { name: "Nidhi", in_pin_code: "666666" },
        saved_addresses: [{ id: "address1", value: { city: "Mumbai", building_name: "" } }],
        validation_errors: { in_pin_code: "We could not locate this pin code." },
      },
    },
  }),
  request_contact_info: interactive({
    type: "request_contact_info",
    body: { text: "Please share your number." },
    action: { name: "request_contact_info" },
  }),
  call_permission_request: interactive({
    type: "call_permission_request",
    body: { text: "We would like to call you about your order." },
    action: { name: "call_permission_request" },
  }),
  voice_call: interactive({
    type: "voice_call",
    body: { text: "You can call us on WhatsApp now." },
    action: {
      name: "voice_call",
      parameters: { display_text: "Call on WhatsApp", ttl_minutes: 100, payload: "order-4711" },
    },
  }),
  product: interactive({
    type: "product",
    body: { text: "Back in stock" },
    action: { catalog_id: "194836987003835", product_retailer_id: "di9ozbzfi4" },
  }),
  product_list: interactive({
    type: "product_list",
    header: { type: "text", text: "Our best" },
    body: { text: "Have a look" },
    action: {
      catalog_id: "194836987003835",
      sections: [
        { title: "Succulents", product_items: [{ product_retailer_id: "a" }] },
        { title: "Cacti", product_items: [{ product_retailer_id: "b" }] },
      ],
    },
  }),
  catalog_message: interactive({
    type: "catalog_message",
    body: { text: "Hello! Browse our catalog." },
    footer: { text: "Best grocery deals on WhatsApp!" },
    action: {
      name: "catalog_message",
      parameters: { thumbnail_product_retailer_id: "2lc20305pt" },
    },
  }),
  "carousel of links": interactive({
    type: "carousel",
    body: { text: "Our latest arrivals, each under $25:" },
    action: {
      cards: mediaCards((index) => ({
        name: "cta_url",
        parameters: { display_text: "Buy now", url: `https://shop.example.com/${index}` },
      })),
    },
  }),
  "carousel of quick replies": interactive({
    type: "carousel",
    body: { text: "Our latest arrivals, each under $25:" },
    action: {
      cards: mediaCards((index) => ({
        buttons: [
          { type: "quick_reply", quick_reply: { id: `learn-${index}`, title: "Learn more" } },
          { type: "quick_reply", quick_reply: { id: `fav-${index}`, title: "Add to favorites" } },
        ],
      })),
    },
  }),
  "carousel of products": interactive({
    type: "carousel",
    body: { text: "Our latest arrivals:" },
    action: {
      cards: [0, 1].map((index) => ({
        card_index: index,
        type: "product",
        action: { catalog_id: "194836987003835", product_retailer_id: `sku-${index}` },
      })),
    },
  }),
  order_details: interactive({
    type: "order_details",
    header: { type: "image", image: link("order.jpg") },
    body: { text: "Review and pay your order" },
    action: { name: "review_and_pay", parameters: orderDetails },
  }),
  order_status: interactive({
    type: "order_status",
    body: { text: "Your order is on its way" },
    action: {
      name: "review_order",
      parameters: { reference_id: "order-4711_a.1", order: { status: "shipped" } },
    },
  }),
};

export const SAMPLE_MESSAGES: Readonly<Record<string, JsonObject>> = {
  text: { type: "text", text: { preview_url: true, body: "See https://www.example.com/" } },
  image: { type: "image", image: { id: "1479537139650973", caption: "The best succulent?" } },
  audio: { type: "audio", audio: link("wind-chime.mp3") },
  voice: { type: "audio", audio: { id: "1013859600285441", voice: true } },
  video: { type: "video", video: { id: "1166846181421424", caption: "A succulent eclipse!" } },
  document: {
    type: "document",
    document: { id: "1376223850470843", filename: "order.pdf", caption: "Your order" },
  },
  sticker: { type: "sticker", sticker: { id: "798882015472548" } },
  location: {
    type: "location",
    location: {
      latitude: "37.44216251868683",
      longitude: -122.1615,
      name: "Philz Coffee",
      address: "101 Forest Ave",
    },
  },
  contacts: {
    type: "contacts",
    contacts: [
      {
        addresses: [{ street: "1 Lucky Shrub Way", country_code: "US", type: "Office" }],
        birthday: "1999-01-23",
        emails: [{ email: "bjohnson@example.com", type: "Work" }],
        name: { formatted_name: "Barbara J. Johnson", first_name: "Barbara", suffix: "Esq." },
        org: { company: "Lucky Shrub", title: "Lead Counsel" },
        phones: [{ phone: "+16505559999", type: "Mobile", wa_id: "19175559999" }],
        urls: [{ url: "https://www.example.com", type: "Company" }],
      },
    ],
  },
  reaction: { type: "reaction", reaction: { message_id: WAMID, emoji: "😀" } },
  "reaction taken back": { type: "reaction", reaction: { message_id: WAMID, emoji: "" } },
  "an answer": { type: "text", text: { body: "Yes" }, context: { message_id: WAMID } },
  "Direct Send": {
    type: "text",
    text: { body: "Your parcel arrives today." },
    category: "utility",
    message_send_ttl_seconds: 30,
    direct_send_config: { template_name: "order_delivery" },
  },
  pin: { type: "pin", pin: { type: "pin", message_id: WAMID, expiration_days: 7 } },
  unpin: { type: "pin", pin: { type: "unpin", message_id: WAMID } },
  ...SAMPLE_INTERACTIVE,
  ...SAMPLE_TEMPLATES,
};
