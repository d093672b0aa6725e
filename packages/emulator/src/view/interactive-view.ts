import type { Customer } from "../store/types.ts";
import { type Loose, loose } from "./loose.ts";
import type { Choice, MessageView, ViewBlock, ViewMedia } from "./message-view.ts";
import {
  addressReply,
  buttonReply,
  callPermissionReply,
  choice,
  contactReply,
  flowReply,
  listReply,
  locationReply,
  orderReply,
} from "./replies.ts";

interface Asked {
  content: Loose;
  action: Loose;
  parameters: Loose;
  customer: Customer | null;
}

const oneChoice = (label: string, rest: Partial<Choice>) => [choice("0", label, rest)];
const labelOf = ({ parameters }: Asked, fallback: string) =>
  parameters.text("display_text") ?? fallback;

const CHOICES: { readonly [kind: string]: (asked: Asked) => Choice[] } = {
  button: ({ action }) => action.list("buttons").map((button) => replyButton(button.at("reply"))),
  list: ({ action }) =>
    action.list("sections").flatMap((section) =>
      section.list("rows").map((row) => {
        const id = row.text("id") ?? "";
        const title = row.text("title") ?? "";
        const description = row.text("description");
        const reply = listReply({ id, title, description });
        return choice(id, title, { description, section: section.text("title"), reply });
      }),
    ),
  cta_url: ({ parameters }) => [link(parameters)],
  flow: ({ parameters }) =>
    oneChoice(parameters.text("flow_cta") ?? "Open", {
      reply: flowReply(parameters.text("flow_token")),
    }),
  location_request_message: () => oneChoice("Send location", { reply: locationReply() }),
  address_message: ({ customer }) =>
    oneChoice("Provide address", { reply: addressReply(customer) }),
  product: ({ action }) => [product(action, action.text("catalog_id"))],
  product_list: ({ action }) =>
    action.list("sections").flatMap((section) =>
      section.list("product_items").map((item) => ({
        ...product(item, action.text("catalog_id")),
        section: section.text("title"),
      })),
    ),
  catalog_message: ({ parameters }) =>
    oneChoice("View catalog", {
      reply: orderReply("catalog", parameters.text("thumbnail_product_retailer_id") ?? "product"),
    }),
  call_permission_request: () => [
    choice("accept", "Allow calls", { reply: callPermissionReply("accept", Date.now()) }),
    choice("reject", "Don’t allow", { reply: callPermissionReply("reject", Date.now()) }),
  ],
  voice_call: (asked) => oneChoice(labelOf(asked, "Call now"), {}),
  order_details: () => oneChoice("Review and pay", {}),
  order_status: () => oneChoice("View order", {}),
  request_contact_info: ({ customer }) =>
    oneChoice("Share phone number", { reply: contactReply(customer) }),
};

/** What the phone shows of an interactive message. */
export function interactiveView(given: unknown, customer: Customer | null): MessageView {
  const content = loose(given);
  const action = content.at("action");
  const kind = content.text("type") ?? "";
  const asked = { content, action, parameters: action.at("parameters"), customer };
  return {
    header: header(content.at("header")),
    body: content.at("body").text("text") ?? "",
    footer: content.at("footer").text("text"),
    choices: CHOICES[kind]?.(asked) ?? [],
    cards: kind === "carousel" ? action.list("cards").map((one, index) => card(one, index)) : [],
    menu: kind === "list" ? action.text("button") : null,
  };
}

function header(given: Loose): ViewBlock["header"] {
  const kind = given.text("type");
  const is_media = kind === "image" || kind === "video" || kind === "document";
  return {
    text: given.text("text"),
    media: is_media ? viewMedia(kind, given.at(kind)) : null,
  };
}

/** A media object as the phone shows it. */
export function viewMedia(kind: string, media: Loose): ViewMedia {
  return {
    kind,
    id: media.text("id"),
    link: media.text("link"),
    filename: media.text("filename"),
  };
}

function replyButton(reply: Loose): Choice {
  const id = reply.text("id") ?? "";
  const title = reply.text("title") ?? "";
  return choice(id, title, { reply: buttonReply(id, title) });
}

function link(parameters: Loose, id = "0"): Choice {
  return choice(id, parameters.text("display_text") ?? "Open", { href: parameters.text("url") });
}

function product(item: Loose, catalog_id: string | null): Choice {
  const id = item.text("product_retailer_id") ?? "";
  return choice(id, `Order ${id}`, { reply: orderReply(catalog_id ?? "", id) });
}

function card(given: Loose, index: number): ViewBlock {
  const action = given.at("action");
  const buttons = action.list("buttons").map((button) => replyButton(button.at("quick_reply")));
  const is_product = action.text("product_retailer_id") !== null;
  const others = is_product
    ? [product(action, action.text("catalog_id"))]
    : [link(action.at("parameters"), `card-${index}`)];
  return {
    header: header(given.at("header")),
    body: given.at("body").text("text") ?? "",
    footer: null,
    choices: buttons.length > 0 ? buttons : others,
  };
}
