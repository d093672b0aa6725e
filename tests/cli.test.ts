import { main } from "@wabase/cli";
import { afterAll, beforeEach, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  serviceClient,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
afterAll(() => sql.end());

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
});

/** Runs the wabase command with the shared stack's secret key. */
async function wabase(...args: string[]): Promise<number> {
  return await wabaseWith({}, ...args);
}

async function wabaseWith(environment: Record<string, string>, ...args: string[]): Promise<number> {
  const { url, keys } = inject("workbench");
  const print = (line: string): void => void lines.push(line);
  return await main(args, {
    environment: { SUPABASE_URL: url, SUPABASE_SECRET_KEY: keys.secret_key, ...environment },
    print,
    printError: print,
  });
}

/** A number that no tenant has yet, and a webhook that came for it. */
async function postForUnknownNumber(text: string) {
  const phone_number_id = String(Math.floor(Math.random() * 1e12));
  const wamid = newWamid();
  const body = textWebhook(phone_number_id, [{ from: newPhone(), id: wamid, text }]);
  const { journal_id }: { journal_id: number } = await (await postWebhook(body)).json();
  return { phone_number_id, wamid, journal_id };
}

async function addNumber(phone_number_id: string): Promise<void> {
  const { tenant_id } = await createTenant(sql);
  await sql`
    insert into public.whatsapp_numbers (tenant_id, phone_number_id, display_phone_number)
    values (${tenant_id}, ${phone_number_id}, '+1 555 010 9999')`;
}

async function messagesOf(wamid: string): Promise<{ body: string; unread_count: number }[]> {
  return await sql`
    select body, unread_count from public.whatsapp_messages
    join public.whatsapp_conversations as conversation on conversation.id = conversation_id
    where wamid = ${wamid}`;
}

describe("wabase replay", () => {
  test("stores what was kept for a number that has been added since, once, however often it runs", async () => {
    const text = "nobody reads this in a terminal 0815";
    const { phone_number_id, wamid, journal_id } = await postForUnknownNumber(text);
    expect(await messagesOf(wamid)).toEqual([]);
    await addNumber(phone_number_id);
    for (let run = 0; run < 3; run += 1) {
      expect(await wabase("replay", "--id", String(journal_id))).toBe(0);
      expect(await messagesOf(wamid)).toEqual([{ body: text, unread_count: 1 }]);
    }
    const [row] = await sql`
      select outcome, replayed_at is not null as was_replayed,
        (select count(*)::integer from wabase.webhook_events where journal_id = ${journal_id}) as kept
      from wabase.webhook_journal where id = ${journal_id}`;
    expect(row).toEqual({ outcome: "stored", was_replayed: true, kept: 0 });
    expect(lines.join("\n")).toContain("all stored");
    expect(lines.join("\n")).not.toContain(text);
  });

  test("--kept finds it by itself, --since and --until bound it, --dry-run changes nothing", async () => {
    const { phone_number_id, wamid, journal_id } = await postForUnknownNumber("hello");
    await addNumber(phone_number_id);
    expect(await wabase("replay", "--kept", "--until", "2020-01-01")).toBe(0);
    expect(await wabase("replay", "--kept", "--dry-run")).toBe(0);
    expect(lines.join("\n")).toContain(`${journal_id}  1 events`);
    expect(await messagesOf(wamid)).toEqual([]);
    expect(await wabase("replay", "--kept", "--since", "2020-01-01T00:00:00Z", "--json")).toBe(0);
    expect(await messagesOf(wamid)).toHaveLength(1);
    expect(lines.map((line) => line.startsWith("{") && JSON.parse(line))).toContainEqual({
      journal_id,
      events: 1,
      kept: {},
    });
  });

  test("--failed runs what could not be stored; ends with 1 while it still cannot, with 0 once it can", async () => {
    const tenant = await createTenant(sql);
    const wamid = newWamid();
    await sql`
      alter table public.whatsapp_messages add constraint not_today check (wamid <> ${sql.unsafe(`'${wamid}'`)}) not valid`;
    const body = textWebhook(tenant.phone_number_id, [{ from: newPhone(), id: wamid }]);
    const { journal_id }: { journal_id: number } = await (await postWebhook(body)).json();
    try {
      expect(await wabase("replay", "--id", String(journal_id))).toBe(1);
    } finally {
      await sql`alter table public.whatsapp_messages drop constraint not_today`;
    }
    expect(await wabase("journal", "--outcome", "failed")).toBe(0);
    expect(lines.join("\n")).toContain("not_today");
    // Other tests leave failures of their own in the journal that all share.
    await wabase("replay", "--failed", "--json");
    expect(lines).toContain(JSON.stringify({ journal_id, events: 1, kept: {} }));
    expect(await messagesOf(wamid)).toHaveLength(1);
    expect(await wabase("replay", "--id", String(journal_id))).toBe(0);
  });
});

describe("a wrong command line", () => {
  test.each([
    [["replay"], "Say what to replay"],
    [["replay", "--id", "many"], "--id: «many»"],
    [["replay", "--since", "yesterday"], "--since: «yesterday»"],
    [["replay", "--everything"], "--everything"],
    [["journal", "--outcome", "lost"], "--outcome: must be one of"],
    [["fly"], "no command «fly»"],
    [[], "wabase looks after"],
  ])("%j ends with 2 and says what to write", async (args, message) => {
    expect(await wabase(...args)).toBe(2);
    expect(lines.join("\n")).toContain(message);
  });

  test("a missing or publishable key is refused with the fix, and never printed", async () => {
    const { keys } = inject("workbench");
    const key = keys.publishable_key;
    expect(await wabaseWith({ SUPABASE_SECRET_KEY: "" }, "replay", "--failed")).toBe(2);
    expect(await wabaseWith({ SUPABASE_SECRET_KEY: key }, "replay", "--failed")).toBe(2);
    expect(await wabaseWith({ SUPABASE_URL: "" }, "replay", "--failed")).toBe(2);
    expect(lines.join("\n")).toContain("sb_secret_");
    expect(lines.join("\n")).not.toContain(key);
  });

  test("a project that does not answer ends with 3", async () => {
    const nowhere = { SUPABASE_URL: "http://127.0.0.1:9" };
    expect(await wabaseWith(nowhere, "replay", "--failed")).toBe(3);
    expect(lines.join("\n")).toContain("SUPABASE_URL");
  });

  test("--help teaches each command", async () => {
    expect(await wabase("--help")).toBe(0);
    expect(await wabase("replay", "--help")).toBe(0);
    expect(lines.join("\n")).toContain("wabase replay --failed");
  });
});

test("wabase replay reads what a WhatsApp-Web session heard, as well as Meta's webhooks", async () => {
  const { tenant_id } = await createTenant(sql);
  const id = crypto.randomUUID();
  const phone = newPhone();
  const marker = `web.p${phone}.A1`;
  const journal = {
    object: "whatsapp_web",
    phone_number_id: `web:${id}`,
    display_phone_number: "+4915200000001",
    me: { phone: "4915200000001", lid: null },
    people: [],
    items: [
      {
        kind: "message",
        origin: "live",
        key: { remoteJid: `${phone}@s.whatsapp.net`, fromMe: false, id: "A1", participant: null },
        timestamp: 1_795_000_000,
        push_name: "Mara",
        status: null,
        message: { conversation: "heard before the number was known" },
        is_admin: false,
      },
    ],
  };
  // As older code, which made nothing of it, would have stored it.
  const { data, error } = await serviceClient().rpc("whatsapp_ingest", {
    deliveries: [{ body: JSON.stringify(journal), events: [] }],
  });
  expect(error).toBeNull();
  const [{ journal_id }] = z.tuple([z.object({ journal_id: z.number() })]).parse(data);
  await sql`
    insert into public.whatsapp_numbers (id, tenant_id, channel, phone_number_id, display_phone_number)
    values (${id}, ${tenant_id}, 'web', ${`web:${id}`}, '+4915200000001')`;
  for (const _ of [1, 2]) {
    expect(await wabase("replay", "--id", String(journal_id))).toBe(0);
    expect(await messagesOf(marker)).toEqual([
      { body: "heard before the number was known", unread_count: 1 },
    ]);
  }
});
