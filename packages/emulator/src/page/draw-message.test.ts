import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { MARA, createTestEmulator, sendOk } from "../test-support.ts";

/** As much of a browser's document as the page's drawing needs. */
class FakeNode {
  readonly children: (FakeNode | string)[] = [];
  readonly listeners = new Map<string, () => void>();
  readonly tag: string;
  className = "";
  disabled = false;
  href = "";

  constructor(tag: string) {
    this.tag = tag;
  }

  append(...nodes: (FakeNode | string)[]) {
    this.children.push(...nodes);
  }

  setAttribute(name: string, value: string) {
    if (name === "href") this.href = value;
  }

  addEventListener(event: string, listener: () => void) {
    this.listeners.set(event, listener);
  }

  text(): string {
    return this.children
      .map((child) => (typeof child === "string" ? child : child.text()))
      .join(" ");
  }

  all(): FakeNode[] {
    const nodes = this.children.filter((child) => typeof child !== "string");
    return [this, ...nodes.flatMap((node) => node.all())];
  }
}

const drawing = z.object({
  drawMessage: z.custom<(message: unknown, look: object, doing: object) => FakeNode>(
    (value) => typeof value === "function",
  ),
});

const look = { is_first: true, is_new: true, reactions: [] };
const press = vi.fn<(message: unknown, choice: string) => void>();
const doing = { open_menus: new Set(), grew() {}, press, react() {}, played() {} };

beforeAll(() => {
  const createElement = (tag: string) => new FakeNode(tag);
  vi.stubGlobal("document", {
    createElement,
    createElementNS: (_space: string, tag: string) => createElement(tag),
  });
});
afterAll(() => void vi.unstubAllGlobals());

async function draw(message: unknown): Promise<FakeNode> {
  // By address: the page is no part of the program.
  const module: unknown = await import(new URL("draw-message.js", import.meta.url).href);
  return drawing.parse(module).drawMessage(message, look, doing);
}

async function sent(fields: { [key: string]: unknown }) {
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  await sendOk(emulator, fields);
  return emulator.customerMessages(MARA).at(-1);
}

const link = "https://example.com/file";
const body = { text: "*Choose* one" };
const card = (card_index: number) => ({
  card_index,
  header: { type: "image", image: { link } },
  body: { text: `Card ${card_index}` },
  action: { name: "cta_url", parameters: { display_text: "Open", url: link } },
});
const KINDS: readonly (readonly [type: string, content: unknown, shows: readonly string[]])[] = [
  ["text", { body: "Plain ~old~ text" }, ["Plain", "old"]],
  ["image", { link, caption: "A _view_" }, ["Photo", "view"]],
  ["document", { link, filename: "a.pdf" }, ["a.pdf"]],
  ["audio", { link }, ["Voice message"]],
  ["location", { latitude: 1, longitude: 2, name: "Here" }, ["Here", "1, 2"]],
  [
    "contacts",
    [{ name: { formatted_name: "A B", first_name: "A" }, phones: [{ phone: "+1 555" }] }],
    ["A B", "+1 555"],
  ],
  ["template", { name: "hello_world", language: { code: "en_US" } }, ["Hello World", "Welcome"]],
  [
    "interactive",
    {
      type: "list",
      body,
      action: { button: "Menu", sections: [{ title: "Sec", rows: [{ id: "1", title: "Row" }] }] },
    },
    ["Choose", "Menu", "Sec", "Row"],
  ],
  [
    "interactive",
    { type: "carousel", body, action: { cards: [card(0), card(1)] } },
    ["Card 0", "Card 1", "Open"],
  ],
];

test.each(KINDS)("a message of type %s shows what it says: %j", async (type, content, shows) => {
  const node = await draw(await sent({ type, [type]: content }));
  for (const words of shows) expect(node.text()).toContain(words);
});

test("what can be pressed presses that choice of that message", async () => {
  const buttons = [{ type: "reply", reply: { id: "yes", title: "Yes" } }];
  const message = await sent({
    type: "interactive",
    interactive: { type: "button", body, action: { buttons } },
  });
  const node = await draw(message);
  const button = node.all().find((one) => one.tag === "button" && one.text() === "Yes");
  button?.listeners.get("click")?.();
  expect(press).toHaveBeenCalledExactlyOnceWith(message, "yes");
});

test("a template's link is followed only where it is a web or phone address", async () => {
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  const urls = ["https://a.example/", "javascript:alert(1)"];
  const buttons = urls.map((url) => ({ type: "URL", text: `Go ${url.length}`, url }));
  emulator.addTemplate({
    name: "links",
    components: [
      { type: "BODY", text: "Look" },
      { type: "BUTTONS", buttons },
    ],
  });
  await sendOk(emulator, {
    type: "template",
    template: { name: "links", language: { code: "en_US" } },
  });
  const node = await draw(emulator.customerMessages(MARA).at(-1));
  const hrefs = node
    .all()
    .map(({ href }) => href)
    .filter(Boolean);
  expect(hrefs).toEqual(["https://a.example/"]);
});
