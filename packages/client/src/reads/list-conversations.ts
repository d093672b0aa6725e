import { type Database, unwrap } from "@wabase/database";
import { decodeTimeCursor } from "./cursor.ts";
import { checkLimit, type Page, type PageOptions, toPage } from "./page.ts";
import type { ReadClient } from "./rows.ts";

/** all: everything that the caller may see. mine, teams: the caller's and their teams'. queue: nobody's. */
export type Whose = "all" | "mine" | "teams" | "queue" | { member: string } | { team: string };

export interface ConversationFilter {
  tenant_id: string;
  /** Default: all. */
  whose?: Whose;
  /** Default: any. */
  state?: Database["public"]["Enums"]["whatsapp_conversation_state"];
  number_id?: string;
  /** Only those with unread messages. */
  is_unread?: boolean;
}

const CONTACT = "id, phone, bsuid, username, profile_name, saved_name";
const GROUP = "id, subject";
const MESSAGE = "id, direction, status, type, body, occurred_at, edited_at, revoked_at";

export type ConversationRow = Awaited<ReturnType<typeof listConversations>>["rows"][number];

/**
 * A tenant's conversations that the caller may see, newest first, each with its contact or group and its
 * last message. One that gets a message while pages are read moves to the top: a list that is shown listens
 * for changes, or is read again from there.
 *
 * @throws DatabaseError, RangeError
 */
export async function listConversations(
  client: ReadClient,
  filter: ConversationFilter,
  { limit = 50, cursor = null }: PageOptions = {},
) {
  const rows = unwrap(
    await client.rpc("whatsapp_list_conversations", {
      ...argumentsOf(filter),
      ...(cursor === null ? {} : beforeOf(cursor)),
      page_size: checkLimit(limit) + 1,
    }),
  );
  const page = toPage(rows, limit, ({ active_at, id }) => ({ key: active_at, id }));
  const about = await readAbout(client, page.rows);
  return {
    next: page.next,
    rows: page.rows.map((row) => ({
      ...row,
      contact: about.contacts.get(row.contact_id) ?? null,
      group: about.groups.get(row.group_id) ?? null,
      last_message: about.messages.get(row.last_message_id) ?? null,
    })),
  } satisfies Page<unknown>;
}

type Row = Database["public"]["Tables"]["whatsapp_conversations"]["Row"];

/** Side by side, not embedded: PostgREST would look them up for each row. */
async function readAbout(client: ReadClient, rows: Row[]) {
  const idsOf = (column: "contact_id" | "group_id" | "last_message_id"): string[] =>
    rows.map((row) => row[column]).filter((id) => id !== null);
  const [contacts, groups, messages] = await Promise.all([
    lookUp(idsOf("contact_id"), async (ids) =>
      unwrap(await client.from("whatsapp_contacts").select(CONTACT).in("id", ids)),
    ),
    lookUp(idsOf("group_id"), async (ids) =>
      unwrap(await client.from("whatsapp_groups").select(GROUP).in("id", ids)),
    ),
    lookUp(idsOf("last_message_id"), async (ids) =>
      unwrap(await client.from("whatsapp_messages").select(MESSAGE).in("id", ids)),
    ),
  ]);
  return { contacts, groups, messages };
}

async function lookUp<Found extends { id: string }>(
  ids: string[],
  select: (ids: string[]) => Promise<Found[]>,
): Promise<Map<string | null, Found>> {
  const found = ids.length === 0 ? [] : await select([...new Set(ids)]);
  return new Map(found.map((row) => [row.id, row]));
}

function argumentsOf({
  tenant_id,
  whose = "all",
  state,
  number_id,
  is_unread,
}: ConversationFilter) {
  return {
    tenant_id,
    ...whoseOf(whose),
    ...(state === undefined ? {} : { state }),
    ...(number_id === undefined ? {} : { number_id }),
    ...(is_unread === undefined ? {} : { is_unread }),
  };
}

function whoseOf(whose: Whose): { whose: string; whose_id?: string } {
  if (typeof whose === "string") return { whose };
  return "member" in whose
    ? { whose: "member", whose_id: whose.member }
    : { whose: "team", whose_id: whose.team };
}

function beforeOf(cursor: string): { before_at: string; before_id: string } {
  const { key, id } = decodeTimeCursor(cursor);
  return { before_at: key, before_id: id };
}
