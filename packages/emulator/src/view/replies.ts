import type { Customer } from "../store/types.ts";
import type { WireObject } from "../wire/envelope.ts";
import type { Choice } from "./message-view.ts";

const WEEK_S = 7 * 24 * 60 * 60;

/** A choice with its defaults. */
export function choice(id: string, label: string, rest: Partial<Choice> = {}): Choice {
  return { id, label, description: null, section: null, reply: null, href: null, ...rest };
}

const interactive = (type: string, content: WireObject): WireObject => ({
  type: "interactive",
  interactive: { type, [type]: content },
});

/** A reply button of an interactive message was pressed. */
export const buttonReply = (id: string, title: string) =>
  interactive("button_reply", { id, title });

/** A row of a list was chosen. */
export const listReply = (row: { id: string; title: string; description: string | null }) =>
  interactive("list_reply", {
    id: row.id,
    title: row.title,
    ...(row.description !== null && { description: row.description }),
  });

/** A quick reply of a template was pressed. */
export const quickReply = (payload: string, text: string): WireObject => ({
  type: "button",
  button: { payload, text },
});

/** A flow was filled in. */
export const flowReply = (flow_token: string | null, fields: WireObject = {}) =>
  interactive("nfm_reply", {
    name: "flow",
    body: "Sent",
    response_json: JSON.stringify({ flow_token: flow_token ?? "unused", ...fields }),
  });

/** An address was filled in. */
export const addressReply = (customer: Customer | null) =>
  interactive("nfm_reply", {
    name: "address_message",
    body: "13 Linden Road, Singapore",
    response_json: JSON.stringify({
      saved_address_id: "address1",
      values: {
        name: customer?.name ?? "Customer",
        phone_number: customer?.share_phone === false ? "" : (customer?.phone ?? ""),
        address: "13 Linden Road",
        city: "Singapore",
      },
    }),
  });

/** A place was shared. */
export const locationReply = (): WireObject => ({
  type: "location",
  location: {
    latitude: 52.520_008,
    longitude: 13.404_954,
    name: "Alexanderplatz",
    address: "Alexanderplatz 1, 10178 Berlin",
  },
});

/** Calls were allowed, for a week or not at all. */
export const callPermissionReply = (response: "accept" | "reject", now_ms: number) =>
  interactive("call_permission_reply", {
    response,
    response_source: "user_action",
    ...(response === "accept" && {
      is_permanent: false,
      expiration_timestamp: String(Math.floor(now_ms / 1000) + WEEK_S),
    }),
  });

/** A product was put into the cart and ordered. */
export const orderReply = (catalog_id: string, product_retailer_id: string): WireObject => ({
  type: "order",
  order: {
    catalog_id,
    text: "",
    product_items: [{ product_retailer_id, quantity: 1, item_price: 10, currency: "EUR" }],
  },
});

/** The customer's own card, as asked for. */
export function contactReply(customer: Customer | null): WireObject {
  const name = customer?.name ?? "Customer";
  const phone = customer?.phone ?? "";
  return {
    type: "contacts",
    contacts: [
      {
        origin: "contact_request",
        name: { formatted_name: name, first_name: name },
        phones: [{ phone: `+${phone}`, wa_id: phone, type: "CELL" }],
      },
    ],
  };
}
