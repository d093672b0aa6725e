import { readMedia } from "./media.ts";
import { type Part, invalid, readPart, refuseTwins } from "./part.ts";

// Limits: Meta's pages of the single kinds ("Interactive reply buttons messages", "Interactive list messages", …).
const BODY = { max: 1024 };
const LIST_BODY = { max: 4096 };
const CARD_BODY = { max: 160 };
const SHORT = { max: 60 };
const LABEL = { max: 20 };
const BUTTON_ID = { max: 256 };
const ROW = { id: { max: 200 }, title: { max: 24 }, description: { max: 72, min: 0 } };
const ID = { max: 1000 };
const MAX_ROWS = 10;
const MAX_PRODUCTS = 30;

type Check = (interactive: Part, media_ids: string[]) => void;

const CHECKS = {
  button(interactive, media_ids) {
    checkFrame(interactive, { headers: ["text", "image", "video", "document"], media_ids });
    const buttons = interactive.part("action").list("buttons", { min: 1, max: 3 });
    const replies = buttons.map((button) => {
      button.oneOf("type", ["reply"]);
      return button.part("reply");
    });
    checkReplies(replies);
  },
  list(interactive, media_ids) {
    checkFrame(interactive, { headers: ["text"], body: LIST_BODY, media_ids });
    const action = interactive.part("action");
    action.text("button", LABEL);
    const sections = action.list("sections", { min: 1, max: 10 });
    const rows = sections.flatMap((section) => {
      if (sections.length > 1) section.text("title", ROW.title);
      else section.textOrNull("title", { ...ROW.title, min: 0 });
      return section.list("rows", { min: 1, max: 1000 });
    });
    if (rows.length > MAX_ROWS) {
      throw invalid(action.path, `Total row count exceed max allowed count: ${MAX_ROWS}.`);
    }
    for (const row of rows) {
      row.text("title", ROW.title);
      row.textOrNull("description", ROW.description);
    }
    refuseTwins(
      rows.map((row) => row.text("id", ROW.id)),
      `${action.path} row ids`,
    );
  },
  cta_url(interactive, media_ids) {
    checkFrame(interactive, { headers: ["text", "image", "video", "document"], media_ids });
    checkLink(interactive.part("action"));
  },
  flow(interactive, media_ids) {
    checkFrame(interactive, { headers: ["text", "image", "video", "document"], media_ids });
    const parameters = named(interactive, "flow").part("parameters");
    parameters.oneOf("flow_message_version", ["3"]);
    parameters.text("flow_cta", { max: 30 });
    if (parameters.has("flow_id") === parameters.has("flow_name")) {
      throw invalid(parameters.path, "Either flow_id or flow_name must be given.");
    }
    if (parameters.has("flow_action")) {
      parameters.oneOf("flow_action", ["navigate", "data_exchange"]);
    }
    if (parameters.has("mode")) parameters.oneOf("mode", ["draft", "published"]);
  },
  location_request_message(interactive) {
    interactive.without("header", "footer");
    interactive.part("body").text("text", BODY);
    named(interactive, "send_location");
  },
  address_message(interactive, media_ids) {
    checkFrame(interactive, { headers: ["text"], media_ids });
    named(interactive, "address_message").part("parameters").text("country", { max: 2, min: 2 });
  },
  product(interactive, media_ids) {
    interactive.without("header");
    if (interactive.has("body")) checkFrame(interactive, { headers: [], media_ids });
    checkProduct(interactive.part("action"));
  },
  product_list(interactive, media_ids) {
    interactive.part("header").oneOf("type", ["text"]);
    checkFrame(interactive, { headers: ["text"], media_ids });
    const action = interactive.part("action");
    action.text("catalog_id", ID);
    const sections = action.list("sections", { min: 1, max: 10 });
    const items = sections.flatMap((section) => {
      if (sections.length > 1) section.text("title", ROW.title);
      return section.list("product_items", { min: 1, max: MAX_PRODUCTS });
    });
    if (items.length > MAX_PRODUCTS) {
      throw invalid(action.path, `At most ${MAX_PRODUCTS} products are allowed.`);
    }
    for (const item of items) item.text("product_retailer_id", ID);
  },
  catalog_message(interactive, media_ids) {
    checkFrame(interactive, { headers: [], media_ids });
    named(interactive, "catalog_message");
  },
  carousel(interactive, media_ids) {
    interactive.without("header", "footer");
    interactive.part("body").text("text", BODY);
    const cards = interactive.part("action").list("cards", { min: 2, max: 10 });
    for (const [index, card] of cards.entries()) checkCard(card, index, media_ids);
  },
  call_permission_request(interactive) {
    if (interactive.has("body")) interactive.part("body").text("text", BODY);
    named(interactive, "call_permission_request");
  },
  voice_call(interactive, media_ids) {
    checkFrame(interactive, { headers: ["text", "image", "video", "document"], media_ids });
    named(interactive, "voice_call").partOrNull("parameters")?.textOrNull("display_text", LABEL);
  },
  order_details(interactive, media_ids) {
    checkFrame(interactive, { headers: ["text", "image", "video", "document"], media_ids });
    named(interactive, "review_and_pay").part("parameters").text("reference_id", { max: 35 });
  },
  order_status(interactive, media_ids) {
    checkFrame(interactive, { headers: [], media_ids });
    named(interactive, "review_order").part("parameters").text("reference_id", { max: 35 });
  },
  request_contact_info(interactive) {
    interactive.part("body").text("text", BODY);
    named(interactive, "request_contact_info");
  },
} satisfies { [kind: string]: Check };

type InteractiveKind = keyof typeof CHECKS;

function isKind(kind: string): kind is InteractiveKind {
  return Object.hasOwn(CHECKS, kind);
}

/** Checks the content of an interactive message; returns the ids of uploaded media in it. */
export function checkInteractive(content: unknown): string[] {
  const interactive = readPart(content, "interactive");
  const kind = interactive.text("type", { max: 100 });
  if (!isKind(kind)) {
    const kinds = Object.keys(CHECKS).join(", ");
    throw invalid(
      "interactive['type']",
      `Param interactive['type'] must be one of {${kinds}} - got "${kind}".`,
    );
  }
  const media_ids: string[] = [];
  const check: Check = CHECKS[kind];
  check(interactive, media_ids);
  return media_ids;
}

interface Frame {
  headers: readonly string[];
  body?: { max: number };
  media_ids: string[];
}

/** Header, body and footer, which most kinds share. */
function checkFrame(interactive: Part, { headers, body = BODY, media_ids }: Frame): void {
  const header = interactive.partOrNull("header");
  if (header) checkHeader(header, headers, media_ids);
  interactive.part("body").text("text", body);
  interactive.partOrNull("footer")?.text("text", SHORT);
}

function checkHeader(header: Part, kinds: readonly string[], media_ids: string[]): void {
  const kind = header.oneOf("type", kinds);
  if (kind === "text") {
    header.text("text", SHORT);
    return;
  }
  const { id } = readMedia(header.part(kind));
  if (id !== null) media_ids.push(id);
}

function named(interactive: Part, name: string): Part {
  const action = interactive.part("action");
  action.oneOf("name", [name]);
  return action;
}

function checkReplies(replies: readonly Part[]): void {
  refuseTwins(
    replies.map((reply) => reply.text("id", BUTTON_ID)),
    "Button ids",
  );
  refuseTwins(
    replies.map((reply) => reply.text("title", LABEL)),
    "Button titles",
  );
}

function checkLink(action: Part): void {
  action.oneOf("name", ["cta_url"]);
  const parameters = action.part("parameters");
  parameters.text("display_text", LABEL);
  parameters.url("url");
}

function checkProduct(action: Part): void {
  action.text("catalog_id", ID);
  action.text("product_retailer_id", ID);
}

function checkCard(card: Part, index: number, media_ids: string[]): void {
  if (card.number("card_index", { min: 0, max: 9 }) !== index) {
    throw invalid(`${card.path}['card_index']`, "card_index must count from 0.");
  }
  const action = card.part("action");
  if (action.has("product_retailer_id")) {
    checkProduct(action);
    return;
  }
  checkHeader(card.part("header"), ["image", "video"], media_ids);
  card.partOrNull("body")?.text("text", CARD_BODY);
  if (action.has("buttons")) {
    const buttons = action.list("buttons", { min: 1, max: 3 });
    checkReplies(buttons.map((button) => button.part("quick_reply")));
  } else checkLink(action);
}
