// Meta's limits for what is sent, each with the page of Meta's documentation that says it (autumn 2026).
// "Characters" are counted as String.length does.

/** Text messages: "Maximum 4096 characters". */
export const MAX_TEXT_CHARACTERS = 4096;
/** Image, video and document messages: caption, "Maximum 1024 characters". */
export const MAX_CAPTION_CHARACTERS = 1024;
/** Contacts messages: "up to 257 contacts". */
export const MAX_CONTACTS = 257;

/** Interactive messages: body, "Maximum 1024 characters". */
export const MAX_BODY_CHARACTERS = 1024;
/** Interactive list messages: body, "Maximum 4096 characters". */
export const MAX_LIST_BODY_CHARACTERS = 4096;
/** Interactive messages: text header, "Maximum 60 characters". */
export const MAX_HEADER_CHARACTERS = 60;
/** Interactive messages: footer, "Maximum 60 characters". */
export const MAX_FOOTER_CHARACTERS = 60;
/** Interactive messages: button label, "Maximum 20 characters". */
export const MAX_BUTTON_LABEL_CHARACTERS = 20;
/** Reply buttons messages: button id, "Maximum 256 characters". */
export const MAX_BUTTON_ID_CHARACTERS = 256;
/** Reply buttons messages: "up to three predefined replies". */
export const MAX_REPLY_BUTTONS = 3;
/** Direct Send: "Up to 10 buttons total. A maximum of 2 CTA buttons." */
export const MAX_DIRECT_SEND_BUTTONS = 10;
/** Direct Send: see MAX_DIRECT_SEND_BUTTONS. */
export const MAX_DIRECT_SEND_CTA_BUTTONS = 2;

/** List messages: "up to 10 sections". */
export const MAX_LIST_SECTIONS = 10;
/** List messages: "up to 10 rows for all sections combined". */
export const MAX_LIST_ROWS = 10;
/** List messages: section title, "Maximum 24 characters". */
export const MAX_SECTION_TITLE_CHARACTERS = 24;
/** List messages: row id, "Maximum 200 characters". */
export const MAX_ROW_ID_CHARACTERS = 200;
/** List messages: row title, "Maximum 24 characters". */
export const MAX_ROW_TITLE_CHARACTERS = 24;
/** List messages: row description, "Maximum 72 characters". */
export const MAX_ROW_DESCRIPTION_CHARACTERS = 72;

/** Interactive carousels and carousel templates: "between 2 and 10 cards". */
export const MIN_CARDS = 2;
/** See MIN_CARDS. */
export const MAX_CARDS = 10;
/** Interactive media carousels: card body, "Max 160 characters, and up to 2 line breaks". */
export const MAX_CARD_BODY_CHARACTERS = 160;
/** See MAX_CARD_BODY_CHARACTERS. */
export const MAX_CARD_BODY_LINE_BREAKS = 2;

/** Multi-product messages and templates: "up to 30 products … in up to 10 sections". */
export const MAX_PRODUCTS = 30;
/** See MAX_PRODUCTS. */
export const MAX_PRODUCT_SECTIONS = 10;

/** Flows: `flow_cta`, "Maximum 30 characters". */
export const MAX_FLOW_LABEL_CHARACTERS = 30;
/** Calling: `ttl_minutes` of a call button when sent, "1–43200". */
export const MAX_CALL_BUTTON_MINUTES = 43_200;
/** Calling: `payload` of a call button, "Maximum 512 characters". */
export const MAX_CALL_PAYLOAD_CHARACTERS = 512;
/** Payments: `reference_id`, "case sensitive, maximum 35 characters: A–Z, a–z, 0–9, _, -, .". */
export const MAX_REFERENCE_CHARACTERS = 35;
/** Payments: `order.description`, "Max limit: 120 characters". */
export const MAX_ORDER_DESCRIPTION_CHARACTERS = 120;
/** Groups: a message stays pinned "1 to 30 days". */
export const MAX_PIN_DAYS = 30;

/** Templates: name, "Maximum 512 characters. Lowercase, alphanumeric characters and underscores only." */
export const MAX_TEMPLATE_NAME_CHARACTERS = 512;
/** Templates: "up to 10 buttons". */
export const MAX_TEMPLATE_BUTTONS = 10;
/** Templates: button label, "Maximum 25 characters". */
export const MAX_TEMPLATE_BUTTON_LABEL_CHARACTERS = 25;
/** Templates: URL of a button with its variable filled in, "Maximum 2000 characters". */
export const MAX_TEMPLATE_URL_CHARACTERS = 2000;
/** Templates: phone number of a button, "Maximum 20 characters". */
export const MAX_TEMPLATE_PHONE_CHARACTERS = 20;
/** Templates: payload of a quick reply, "Maximum 256 characters". */
export const MAX_QUICK_REPLY_PAYLOAD_CHARACTERS = 256;
/** Coupon code templates: "Maximum 20 characters"; Meta's pages on offers still say 15. */
export const MAX_COUPON_CODE_CHARACTERS = 20;
/** Limited-time offer templates: offer text, "Maximum 16 characters". */
export const MAX_OFFER_TEXT_CHARACTERS = 16;

/** Direct Send: time to live of a utility message, 30 seconds to 12 hours. */
export const DIRECT_SEND_TTL_SECONDS = { min: 30, max: 43_200 } as const;
/** Marketing Messages: time to live, 12 hours to 30 days. */
export const MARKETING_TTL_SECONDS = { min: 43_200, max: 2_592_000 } as const;
