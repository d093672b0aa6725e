import { randomBytes } from "node:crypto";
import { envelope, newWamid } from "./workbench.ts";

/** A `messages` change of Meta's around any value: for shapes that textWebhook() does not make. */
export function valueWebhook(phone_number_id: string, value: Record<string, unknown>): string {
  const metadata = { display_phone_number: "15550100000", phone_number_id };
  return envelope([
    { field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } },
  ]);
}

export interface Person {
  /** Digits, where the person shows a phone number. */
  phone?: string;
  /** Business-scoped user id. */
  bsuid?: string;
  name?: string;
}

/** A text of a person as Meta writes it since 2026: with a phone, a user id, or both. */
export function personWebhook(phone_number_id: string, person: Person, wamid = newWamid()): string {
  const { phone, bsuid, name = "Mara Lindt" } = person;
  return valueWebhook(phone_number_id, {
    contacts: [
      {
        profile: { name },
        ...(phone === undefined ? {} : { wa_id: phone }),
        ...(bsuid === undefined ? {} : { user_id: bsuid }),
      },
    ],
    messages: [
      {
        id: wamid,
        timestamp: String(Math.floor(Date.now() / 1000)),
        type: "text",
        text: { body: "Hello" },
        ...(phone === undefined ? {} : { from: phone }),
        ...(bsuid === undefined ? {} : { from_user_id: bsuid }),
      },
    ],
  });
}

/** The statuses of several POSTs to the webhook, in the order of the calls. */
export async function statusesOf(answers: Promise<Response>[]): Promise<number[]> {
  return (await Promise.all(answers)).map(({ status }) => status);
}

/** Too long for an index and not to be compressed: Postgres refuses the row, whatever the code above it thinks. */
export function unstorableWamid(): string {
  return `wamid.${randomBytes(6_000).toString("base64")}`;
}
