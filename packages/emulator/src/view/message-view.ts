import type { Customer } from "../store/types.ts";
import type { WireObject } from "../wire/envelope.ts";
import { interactiveView } from "./interactive-view.ts";

/** A file that a message shows. */
export interface ViewMedia {
  kind: string;
  /** Of an upload; else there is a link. */
  id: string | null;
  link: string | null;
  filename: string | null;
}

/** Something the customer can press. */
export interface Choice {
  /** Unique within the message. */
  id: string;
  label: string;
  description: string | null;
  /** The heading of a list that it stands under. */
  section: string | null;
  /** What the customer's phone sends then: `type` and the content under its name; `null`: nothing. */
  reply: WireObject | null;
  /** Where it leads, if it leads somewhere. */
  href: string | null;
}

/** One block of a message: the message itself, or a card of a carousel. */
export interface ViewBlock {
  header: { text: string | null; media: ViewMedia | null };
  body: string;
  footer: string | null;
  choices: Choice[];
}

/** What the phone shows of a message that has more than its content says, or can be pressed. */
export interface MessageView extends ViewBlock {
  cards: ViewBlock[];
  /** The label that opens the choices, where they are a list. */
  menu: string | null;
}

/** The view of an outgoing message; `null`: its content says all. Templates have theirs from their definition. */
export function messageView(
  message: { type: string; content: unknown },
  customer: Customer | null,
): MessageView | null {
  if (message.type !== "interactive") return null;
  return interactiveView(message.content, customer);
}

/** Every choice of a message, those of its cards included. */
export function choicesOf(view: MessageView): Choice[] {
  return [...view.choices, ...view.cards.flatMap((card) => card.choices)];
}
