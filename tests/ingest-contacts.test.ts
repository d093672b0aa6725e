import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversationsOf } from "./support/rows.ts";
import { type Person, personWebhook, statusesOf } from "./support/webhook-values.ts";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

const newBsuid = (): string => `DE.${randomUUID().replaceAll("-", "")}`;

async function write(person: Person, wamid = newWamid()): Promise<void> {
  const answer = await postWebhook(personWebhook(tenant.phone_number_id, person, wamid));
  expect(answer.status).toBe(200);
}

interface ContactRow {
  id: string;
  phone: string | null;
  bsuid: string | null;
  profile_name: string | null;
}

async function contactsWith({ phone, bsuid }: Person): Promise<ContactRow[]> {
  return await sql<ContactRow[]>`
    select id, phone, bsuid, profile_name from public.whatsapp_contacts
    where tenant_id = ${tenant.tenant_id} and (phone = ${phone ?? null} or bsuid = ${bsuid ?? null})`;
}

describe("who writes", () => {
  test("with a user id alone is a contact without a phone", async () => {
    const bsuid = newBsuid();
    await write({ bsuid });
    expect(await contactsWith({ bsuid })).toMatchObject([{ phone: null, bsuid }]);
  });

  test("with a user id first and a phone as well later stays the same contact, with both", async () => {
    const [phone, bsuid] = [newPhone(), newBsuid()];
    await write({ bsuid });
    const [before] = await contactsWith({ bsuid });
    await write({ phone, bsuid });
    await write({ bsuid });
    await write({ phone });
    expect(await contactsWith({ phone, bsuid })).toMatchObject([{ id: before?.id, phone, bsuid }]);
    const conversations = await conversationsOf(sql, tenant);
    expect(conversations.filter((row) => row.bsuid === bsuid)).toMatchObject([
      { phone, unread_count: 4, messages: 4 },
    ]);
  });

  test("with a phone first and a user id as well later stays the same contact, with both", async () => {
    const [phone, bsuid] = [newPhone(), newBsuid()];
    await write({ phone });
    await write({ phone, bsuid });
    expect(await contactsWith({ phone, bsuid })).toMatchObject([{ phone, bsuid }]);
  });

  test("both in one batch, the phone in one message and not in the other, is one contact", async () => {
    const [phone, bsuid] = [newPhone(), newBsuid()];
    const bodies = [
      personWebhook(tenant.phone_number_id, { bsuid }),
      personWebhook(tenant.phone_number_id, { phone, bsuid }),
    ];
    const entry = bodies.flatMap((body): unknown[] => JSON.parse(body).entry);
    const answer = await postWebhook(
      JSON.stringify({ object: "whatsapp_business_account", entry }),
    );
    expect(answer.status).toBe(200);
    expect(await contactsWith({ phone, bsuid })).toMatchObject([{ phone, bsuid }]);
  });

  test("under a new name is known by that, and keeps it where a webhook says none", async () => {
    const phone = newPhone();
    await write({ phone, name: "Mara" });
    await write({ phone, name: "Mara Lindt" });
    await write({ phone, name: "" });
    expect(await contactsWith({ phone })).toMatchObject([{ profile_name: "Mara Lindt" }]);
  });
});

describe("a new contact", () => {
  test.each([
    ["a phone", () => ({ phone: newPhone() })],
    ["a user id", () => ({ bsuid: newBsuid() })],
    ["both", () => ({ phone: newPhone(), bsuid: newBsuid() })],
  ])(
    "with %s whose 20 first messages come at once is one contact with one conversation",
    async (_, make) => {
      const person = make();
      const posts = Array.from({ length: 20 }, () =>
        postWebhook(personWebhook(tenant.phone_number_id, person)),
      );
      expect(await statusesOf(posts)).toEqual(Array.from({ length: 20 }, () => 200));
      const contacts = await contactsWith(person);
      expect(contacts).toHaveLength(1);
      const rows = await conversationsOf(sql, tenant);
      expect(
        rows.filter(
          ({ phone, bsuid }) => phone === contacts[0]?.phone && bsuid === contacts[0]?.bsuid,
        ),
      ).toMatchObject([{ messages: 20, unread_count: 20 }]);
    },
  );

  test("that shows its phone in some of its first messages at once is one contact with both", async () => {
    for (let round = 0; round < 5; round += 1) {
      const [phone, bsuid] = [newPhone(), newBsuid()];
      const people = Array.from({ length: 12 }, (_, at) =>
        at % 2 === 0 ? { phone, bsuid } : { bsuid },
      );
      const posts = people.map((person) =>
        postWebhook(personWebhook(tenant.phone_number_id, person)),
      );
      expect(new Set(await statusesOf(posts))).toEqual(new Set([200]));
      expect(await contactsWith({ phone, bsuid })).toMatchObject([{ phone, bsuid }]);
    }
  });
});

test("20 people who show now a phone, now a user id, now both, in batches at once: 200, one contact each", async () => {
  const people = Array.from({ length: 20 }, () => ({ phone: newPhone(), bsuid: newBsuid() }));
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    const entry = people.flatMap(({ phone, bsuid }, at): unknown[] => {
      const shown = [{ phone, bsuid }, { bsuid }, { bsuid, name: `Writer ${writer}` }];
      const person = shown[(at + writer) % 3] ?? { phone };
      return JSON.parse(personWebhook(tenant.phone_number_id, person)).entry;
    });
    const answer = await postWebhook(
      JSON.stringify({ object: "whatsapp_business_account", entry }),
    );
    return answer.status;
  });
  expect(new Set(await Promise.all(writers))).toEqual(new Set([200]));
  for (const person of people) {
    expect(await contactsWith(person)).toMatchObject([person]);
  }
});

test("who writes to two numbers of a tenant is one contact with two conversations", async () => {
  const other = { phone_number_id: `8${newPhone()}`, display_phone_number: "+1 555 010 9999" };
  await sql`insert into public.whatsapp_numbers ${sql({ ...other, tenant_id: tenant.tenant_id })}`;
  const phone = newPhone();
  const answers = [tenant.phone_number_id, other.phone_number_id].flatMap((id) => [
    postWebhook(textWebhook(id, [{ from: phone }])),
    postWebhook(textWebhook(id, [{ from: phone }])),
  ]);
  expect(await statusesOf(answers)).toEqual([200, 200, 200, 200]);
  expect(await contactsWith({ phone })).toHaveLength(1);
  const rows = (await conversationsOf(sql, tenant)).filter((row) => row.phone === phone);
  expect(rows).toMatchObject([
    { unread_count: 2, messages: 2 },
    { unread_count: 2, messages: 2 },
  ]);
  expect(new Set(rows.map(({ number_id }) => number_id)).size).toBe(2);
});

test("who writes to two tenants is a contact of each, and neither learns of the other", async () => {
  const neighbour = await createTenant(sql);
  const phone = newPhone();
  await postWebhook(textWebhook(tenant.phone_number_id, [{ from: phone }]));
  await postWebhook(textWebhook(neighbour.phone_number_id, [{ from: phone }]));
  const rows = await sql`select tenant_id from public.whatsapp_contacts where phone = ${phone}`;
  expect(new Set(rows.map((row) => String(row["tenant_id"])))).toEqual(
    new Set([tenant.tenant_id, neighbour.tenant_id]),
  );
});
