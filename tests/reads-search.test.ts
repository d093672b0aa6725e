import { searchContacts, searchMessages, type ReadClient } from "@wabase/client/reads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addConversation,
  addMessage,
  createReadTenant,
  readPages,
  type ReadTenant,
} from "./support/reads.ts";
import { anonClient, connect, signUpSomebody } from "./support/workbench.ts";

const sql = connect();
let bakery: ReadTenant;
let florist: ReadTenant;
let conversation: string;
let hidden: string;

const TEXTS = {
  german: "Grüße aus der Bäckerei: die Brötchen wären fertig, Straße 12",
  french: "Bonjour, le gâteau d'anniversaire est-il prêt ?",
  turkish: "İstanbul'dan Ankara'ya kargo ne zaman gelir?",
  greek: "Καλημέρα, ο δρόμος είναι κλειστός στην ΟΔΟΣ 5",
  russian: "Здравствуйте, ёлка приехала вовремя",
  arabic: "مَرْحَبًا، أريد طلب الكعكة غدًا",
  hebrew: "שָׁלוֹם, ההזמנה שלי הגיעה",
  hindi: "नमस्ते, मेरा ऑर्डर कहाँ है?",
  korean: "안녕하세요, 주문한 케이크는 언제 오나요?",
  chinese: "你好，我的生日蛋糕什么时候送到？",
  japanese: "東京都に配達できますか？ケーキを注文したいです。",
  thai: "สวัสดีครับ เค้กวันเกิดพร้อมหรือยัง",
  emoji: "Lecker👍🏽 danke",
  codes: "Order #A-10023, invoice INV_2026/07: 100% paid \\o/ it's",
} as const;

beforeAll(async () => {
  [bakery, florist] = await Promise.all([createReadTenant(sql), createReadTenant(sql)]);
  conversation = await addConversation(sql, bakery);
  hidden = await addConversation(sql, bakery, { assignee_id: bakery.user_ids.admin });
  for (const body of Object.values(TEXTS)) await addMessage(sql, conversation, { body });
  await addMessage(sql, await addConversation(sql, florist), { body: TEXTS.german });
});
afterAll(() => sql.end());

async function found(query: string, client: ReadClient = bakery.agent): Promise<(string | null)[]> {
  const page = await searchMessages(client, { tenant_id: bakery.tenant_id, query });
  return page.rows.map(({ body }) => body);
}

describe("a search in messages finds, by the beginnings of words", () => {
  test.each([
    ["german", "bröt"],
    ["german", "BROTCHEN bäckerei"],
    ["german", "12"],
    ["french", "gateau"],
    ["french", "d'anniv"],
    ["turkish", "istanbul"],
    ["turkish", "KARGO"],
    ["greek", "δρομος"],
    ["greek", "οδός"],
    ["russian", "елка"],
    ["russian", "ЗДРАВ"],
    ["arabic", "مرحبا"],
    ["arabic", "اريد"],
    ["hebrew", "שלום"],
    ["hindi", "नमस्ते"],
    ["hindi", "ऑर्डर मेरा"],
    ["korean", "케이"],
    ["korean", "안녕하세요"],
    ["chinese", "生日蛋糕"],
    ["chinese", "糕"],
    ["chinese", "蛋糕 你好"],
    ["japanese", "東京"],
    ["japanese", "京都"],
    ["japanese", "ケーキを注文"],
    ["japanese", "ｹｰｷ"],
    ["thai", "วันเกิด"],
    ["emoji", "👍"],
    ["emoji", "danke 👍🏽"],
    ["codes", "inv_2026"],
    ["codes", "#a-100"],
    ["codes", "100%"],
    ["codes", "p"],
    ["codes", "it's"],
  ] as const)("%s: «%s»", async (language, query) => {
    expect(await found(query)).toContain(TEXTS[language]);
  });

  test.each([
    "rötchen",
    "Brötchen Kuchen",
    "都東",
    "蛋生日",
    "ケーキ東京都注文",
    "kargos",
    "10023A",
  ])("and nothing where a word is missing or in another order: «%s»", async (query) => {
    expect(await found(query)).toEqual([]);
  });
});

describe("a search in messages", () => {
  test.each(["%", "_", "\\", "", "   ", "'", "!!!", "%_%", "'':*", "()|&!"])(
    "takes «%s» for no word at all",
    async (query) => {
      expect(await found(query)).toEqual([]);
    },
  );

  test("bears very long queries, and quotes, and what would be an operator", async () => {
    const queries = [
      "x".repeat(100_000),
      "kuchen ".repeat(20_000),
      "蛋".repeat(5_000),
      "a'b\\c:*&|!(d)",
    ];
    for (const query of queries) expect(await found(query)).toEqual([]);
    expect(await found("bröt' | 'gateau")).toEqual([]);
  });

  test("finds texts that are longer than any of WhatsApp's by their first 4096 characters, and words by their first 40", async () => {
    const long = `${"w".repeat(3000)} ${"z".repeat(60)} needle ${"é".repeat(60_000)}`;
    await addMessage(sql, conversation, { body: long });
    expect(await found("needle")).toEqual([long]);
    expect(await found("z".repeat(60))).toEqual([long]);
  });

  test("shows each what they may see, and nobody else anything", async () => {
    const body = "Pumpernickel for the admin";
    await addMessage(sql, hidden, { body });
    const { client: stranger } = await signUpSomebody();
    expect(await found("pumper", bakery.admin)).toEqual([body]);
    expect(await found("pumper", bakery.viewer)).toEqual([body]);
    for (const client of [bakery.agent, florist.admin, florist.agent, stranger]) {
      expect(await found("pumper", client)).toEqual([]);
    }
    await expect(found("pumper", anonClient())).rejects.toMatchObject({ code: "42501" });
    const mine = await searchMessages(florist.admin, {
      tenant_id: florist.tenant_id,
      query: "bröt",
    });
    expect(mine.rows).toHaveLength(1);
  });

  test("follows an edit, and stays within a conversation where it is told to", async () => {
    const other = await addConversation(sql, bakery);
    const id = await addMessage(sql, other, { body: "Quarkstollen" });
    await addMessage(sql, conversation, { body: "Quarkstollen" });
    const { tenant_id } = bakery;
    const inOther = { tenant_id, query: "quark", conversation_id: other };
    expect((await searchMessages(bakery.agent, inOther)).rows.map((row) => row.id)).toEqual([id]);
    await sql`update public.whatsapp_messages set body = 'Christstollen' where id = ${id}`;
    expect((await searchMessages(bakery.agent, inOther)).rows).toEqual([]);
    expect(await found("christ")).toEqual(["Christstollen"]);
  });

  test("is complete and without doubles, for the rare and the frequent, over years, while messages come", async () => {
    const place = await addConversation(sql, bakery);
    const unseen = await addConversation(sql, bakery, { assignee_id: bakery.user_ids.admin });
    // More than are looked at one by one; five at each time; three years.
    await sql`
      insert into public.whatsapp_messages
        (tenant_id, number_id, conversation_id, direction, status, type, body, content, wamid, occurred_at)
      select tenant_id, number_id, id, 'inbound', 'received', 'text',
        case when i % 40 = 0 then 'rarely seen ' else '' end || case when i % 2 = 0 then 'always ' else '' end || 'Nummer ' || i,
        '{}', 'wamid.' || gen_random_uuid(), timestamptz '2023-01-01' + interval '1 day' * (i / 5) * 4
      from public.whatsapp_conversations cross join generate_series(1, 1200) as i
      where id = any (${[place, unseen]}::uuid[])`;
    const search = { tenant_id: bakery.tenant_id };
    for (const query of ["rarely", "always", "rarely always nummer", "nummer 120"]) {
      const first = query.split(" ")[0] ?? "";
      for (const [client, places] of [
        [bakery.agent, [place]],
        [bakery.viewer, [place, unseen]],
      ] as const) {
        const expected = await sql<{ id: string }[]>`
          select id from public.whatsapp_messages
          where conversation_id = any (${places}::uuid[])
            and case when ${query} = 'nummer 120' then body ~ 'Nummer 120' else position(${first} in body) > 0 end
          order by occurred_at desc, id desc`;
        const ids = await readPages(
          (cursor) => searchMessages(client, { ...search, query }, { limit: 99, cursor }),
          () => addMessage(sql, place, { body: `${query} once more` }),
        );
        expect({ query, ids }).toEqual({ query, ids: expected.map(({ id }) => id) });
        await sql`delete from public.whatsapp_messages where conversation_id = ${place} and body like '%once more'`;
      }
    }
  });
});

describe("a search in contacts", () => {
  let people: ReadTenant;
  const NAMES = [
    "Zoë Müller",
    "anna Schmidt",
    "Bülent Çelik",
    "山田太郎",
    "Дмитрий Ёлкин",
    "O'Neill 100%",
  ];
  const phoneOf = (index: number) => `4917612345${index}0${index}`;

  beforeAll(async () => {
    people = await createReadTenant(sql);
    for (const [index, profile_name] of NAMES.entries()) {
      const assignee = index === 1 ? { assignee_id: people.user_ids.admin } : {};
      await addConversation(sql, people, { profile_name, phone: phoneOf(index), ...assignee });
    }
  });

  async function names(query: string, client: ReadClient = people.admin) {
    const page = await searchContacts(client, { tenant_id: people.tenant_id, query });
    return page.rows.map(({ profile_name }) => profile_name);
  }

  test.each([
    ["mull", ["Zoë Müller"]],
    ["zoe m", ["Zoë Müller"]],
    ["ANNA", ["anna Schmidt"]],
    ["celik", ["Bülent Çelik"]],
    ["山", ["山田太郎"]],
    ["太郎", ["山田太郎"]],
    ["елк", ["Дмитрий Ёлкин"]],
    ["o'neill", ["O'Neill 100%"]],
    ["chmidt", []],
    ["%", []],
    ["_", []],
  ])("by name: «%s»", async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  test.each([
    ["+49 176 12345-303", ["山田太郎"]],
    ["0176 12345 303", ["山田太郎"]],
    ["5303", ["山田太郎"]],
    ["303", ["山田太郎"]],
    ["(5) 40.4", ["Дмитрий Ёлкин"]],
  ])("by a part of the phone number: «%s»", async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  test("with one or two characters, and with none, is in the order of names", async () => {
    const all = [
      "anna Schmidt",
      "Bülent Çelik",
      "O'Neill 100%",
      "Zoë Müller",
      "Дмитрий Ёлкин",
      "山田太郎",
    ];
    expect(await names("")).toEqual(all);
    expect(await names("4")).toEqual(all);
    expect(await names("49")).toEqual(all);
    expect(await names("s")).toEqual(["anna Schmidt"]);
  });

  test("shows each what they may see, and nobody else anything", async () => {
    expect(await names("", people.agent)).not.toContain("anna Schmidt");
    expect(await names("anna", people.agent)).toEqual([]);
    expect(await names("anna", people.viewer)).toEqual(["anna Schmidt"]);
    const { client: stranger } = await signUpSomebody();
    for (const client of [florist.admin, florist.agent, stranger]) {
      expect(await names("", client)).toEqual([]);
      expect(await names("anna", client)).toEqual([]);
    }
    await expect(names("anna", anonClient())).rejects.toMatchObject({ code: "42501" });
  });

  test("is complete and without doubles over its pages, names that are equal too, while contacts come", async () => {
    const many = await createReadTenant(sql);
    await sql`
      insert into public.whatsapp_contacts (tenant_id, phone, profile_name)
      select ${many.tenant_id}, (4915000000000 + i)::text,
        case when i % 50 = 0 then 'Rare ' else '' end || 'Person ' || chr(65 + i % 26)
      from generate_series(1, 1000) as i`;
    for (const query of ["person", "rare", "4915", "", "77"]) {
      const expected = await sql<{ id: string }[]>`
        select id from public.whatsapp_contacts
        where tenant_id = ${many.tenant_id}
          and case when ${query} ~ '^[0-9]' then phone like ${`%${query}%`} else profile_name ilike ${`%${query}%`} end
        order by sort_name, id`;
      const ids = await readPages(
        (cursor) =>
          searchContacts(many.viewer, { tenant_id: many.tenant_id, query }, { limit: 90, cursor }),
        () =>
          addConversation(sql, many, {
            profile_name: "Aaron",
            phone: `33${Math.floor(Math.random() * 1e9)}`,
          }),
      );
      const added = await sql<{ id: string }[]>`
        select id from public.whatsapp_contacts where tenant_id = ${many.tenant_id} and profile_name = 'Aaron'`;
      const isAdded = (id: string) => added.some((each) => each.id === id);
      expect({ query, ids: ids.filter((id) => !isAdded(id)) }).toEqual({
        query,
        ids: expected.map(({ id }) => id).filter((id) => !isAdded(id)),
      });
    }
  });
});
