export { type Badges, countBadges } from "./count-badges.ts";
export type { Cursor } from "./cursor.ts";
export {
  type ConversationFilter,
  type ConversationRow,
  listConversations,
  type Whose,
} from "./list-conversations.ts";
export { listMedia, MEDIA_TYPES } from "./list-media.ts";
export {
  cursorOfMessage,
  listMessages,
  type MessagePage,
  type MessagePosition,
} from "./list-messages.ts";
export type { Page, PageOptions } from "./page.ts";
export { readThread } from "./read-thread.ts";
export type { ContactRow, MessageRow, ReadClient } from "./rows.ts";
export { searchContacts } from "./search-contacts.ts";
export { type MessageSearch, searchMessages } from "./search-messages.ts";
