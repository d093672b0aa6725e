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

const COLUMNS = `*,
  contact:whatsapp_contacts!contact_is_of_the_same_tenant(id, phone, bsuid, username, profile_name, saved_name),
  group:whatsapp_groups!group_is_of_the_same_tenant(id, subject)` as const;

const PREVIEW = "id, direction, status, type, body, occurred_at, edited_at, revoked_at";

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
    await client
      .rpc("whatsapp_list_conversations", {
        ...argumentsOf(filter),
        ...(cursor === null ? {} : beforeOf(cursor)),
        page_size: checkLimit(limit) + 1,
      })
      .select(COLUMNS),
  );
  const page = toPage(rows, limit, ({ active_at, id }) => ({ key: active_at, id }));
  const previews = await readPreviews(client, page.rows);
  return {
    next: page.next,
    rows: page.rows.map((row) => ({
      ...row,
      last_message: previews.find(({ id }) => id === row.last_message_id) ?? null,
    })),
  } satisfies Page<unknown>;
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

async function readPreviews(client: ReadClient, rows: { last_message_id: string | null }[]) {
  const ids = rows.map(({ last_message_id }) => last_message_id).filter((id) => id !== null);
  if (ids.length === 0) return [];
  return unwrap(await client.from("whatsapp_messages").select(PREVIEW).in("id", ids));
}
