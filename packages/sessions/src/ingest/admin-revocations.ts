import type { WASocket } from "baileys";
import type { WebItem, WebMessageItem } from "./journal.ts";
import { objectIn, textIn, unwrap } from "./message-content.ts";
import { isGroup, readPerson } from "./people.ts";

/** Marks messages by which an admin of a group takes back what another wrote. Asks WhatsApp who is an admin. */
export async function findAdminRevocations(
  items: WebItem[],
  socket: WASocket | null,
): Promise<WebItem[]> {
  const marked: WebItem[] = [];
  for (const item of items) {
    const is_candidate = item.kind === "message" && isAnothersRevocation(item);
    const is_admin = is_candidate && (await isAdmin(item, socket));
    marked.push(is_admin ? { ...item, is_admin } : item);
  }
  return marked;
}

function isAnothersRevocation({ key, message }: WebMessageItem): boolean {
  const protocol = objectIn(unwrap(message), "protocolMessage");
  if (protocol?.["type"] !== "REVOKE" || !isGroup(key.remoteJid)) return false;
  const target = readPerson(textIn(objectIn(protocol, "key"), "participant") ?? "");
  const writer = readPerson(key.participant ?? "");
  if (target === null) return false;
  return key.fromMe === true || target.lid !== writer?.lid || target.phone !== writer.phone;
}

async function isAdmin({ key }: WebMessageItem, socket: WASocket | null): Promise<boolean> {
  // Our own phone would not have done it without the right to.
  if (key.fromMe === true) return true;
  const writer = readPerson(key.participant ?? "");
  if (socket === null || writer === null) return false;
  try {
    const { participants } = await socket.groupMetadata(key.remoteJid);
    return participants.some(({ id, phoneNumber, lid, admin }) => {
      const names = [id, phoneNumber, lid].map((jid) => readPerson(jid ?? ""));
      const is_writer = names.some(
        (person) =>
          person !== null &&
          ((person.lid !== null && person.lid === writer.lid) ||
            (person.phone !== null && person.phone === writer.phone)),
      );
      return is_writer && (admin === "admin" || admin === "superadmin");
    });
  } catch {
    return false;
  }
}
