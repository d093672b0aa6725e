import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  beginAnew,
  type Customer,
  type Desk,
  enqueue,
  hire,
  lease,
  openDesk,
  openShop,
  refusalOf,
  type Shop,
  type State,
  template,
  text,
} from "./support/desk.ts";

let desk: Desk;
let shop: Shop;
let customer: Customer;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(async () => {
  ({ shop, customer } = await beginAnew(desk));
});

const say = (body: string, more: object = {}, to = customer.id): Promise<State> =>
  enqueue(desk, { conversation_id: to, content: text(body), ...more });

describe("queueing", () => {
  test.each<[string, () => object, string]>([
    ["no kind", () => ({ text: { body: "a" } }), "type"],
    ["a kind that is none", () => ({ type: "fax", fax: {} }), "type"],
    ["a part that is missing", () => ({ type: "image" }), "image"],
    ["two parts", () => ({ ...text(), image: { id: "1" } }), "image"],
    ["another recipient", () => ({ ...text(), to: "+4930123456" }), "to"],
    ["Meta's own fields", () => ({ ...text(), messaging_product: "x" }), "messaging_product"],
    [
      "callback data",
      () => ({ ...text(), biz_opaque_callback_data: "x" }),
      "biz_opaque_callback_data",
    ],
    ["70 kB", () => ({ type: "image", image: { link: "x".repeat(70_000) } }), "message"],
  ])("refuses content with %s", async (_, content, field) => {
    const queued = enqueue(desk, { conversation_id: customer.id, content: content() });
    expect(await refusalOf(queued)).toBe(`22023 ${field}`);
  });

  test.each<[string, object, string]>([
    ["two targets", { to: "+4930123456" }, "22023 to"],
    ["a priority that is none", { priority: "urgent" }, "22023 priority"],
    ["a time without a zone", { scheduled_at: "2026-12-01T10:00:00" }, "22023 scheduled_at"],
    ["a time that is none", { scheduled_at: "2026-13-41T10:00:00Z" }, "22023 scheduled_at"],
    ["a field that is unknown", { urgent: true }, "22023 urgent"],
  ])("refuses %s", async (_, more, refusal) => {
    expect(await refusalOf(say("a", more))).toBe(refusal);
  });

  test("refuses what is scheduled for when the window has closed, and takes a template for then", async () => {
    const scheduled_at = new Date(desk.now().getTime() + 25 * 3_600_000).toISOString();
    expect(await refusalOf(say("a", { scheduled_at }))).toBe("22023 customer_window");
    const reminder = { conversation_id: customer.id, content: template(), scheduled_at };
    expect(await enqueue(desk, reminder)).toMatchObject({ status: "queued" });
  });

  test("refuses marketing to who has opted out, by the template's category and by the endpoint", async () => {
    await desk.sql`
      insert into public.whatsapp_templates (tenant_id, waba_id, template_id, name, language, category, status)
      values
        (${shop.tenant_id}, ${shop.phone_number_id}, ${randomUUID()}, 'news', 'en_US', 'MARKETING', 'APPROVED'),
        (${shop.tenant_id}, ${shop.phone_number_id}, ${randomUUID()}, 'order', 'en_US', 'UTILITY', 'APPROVED')`;
    await desk.sql`update public.whatsapp_contacts set marketing_opted_out = true where phone = ${customer.phone}`;
    const send = (content: object) => enqueue(desk, { conversation_id: customer.id, content });
    expect(await refusalOf(send(template("news")))).toBe("22023 to");
    expect(
      await refusalOf(send({ ...template("order"), product_policy: "CLOUD_API_FALLBACK" })),
    ).toBe("22023 to");
    expect(await send(template("order"))).toMatchObject({ status: "queued" });
  });

  test("reaches a person by user id, and a group of the number", async () => {
    const { phone_number_id } = shop;
    const recipient = `DE.${randomUUID().replaceAll("-", "")}`;
    await enqueue(desk, { phone_number_id, recipient, content: template() });
    const person = await lease(desk);
    expect(person.sends).toMatchObject([{ recipient }]);
    expect(person.sends[0]).not.toHaveProperty("to");

    await desk.sql`
      insert into public.whatsapp_groups (tenant_id, number_id, group_id)
      values (${shop.tenant_id}, ${shop.number_id}, 'Y2FwaV9ncm91cA')`;
    const content = text();
    const toGroup = { phone_number_id, group_id: "Y2FwaV9ncm91cA" };
    expect(await refusalOf(enqueue(desk, { ...toGroup, content }))).toBe("22023 customer_window");
    await enqueue(desk, { ...toGroup, content: template() });
    const group = await lease(desk);
    expect(group.sends).toMatchObject([{ to: "Y2FwaV9ncm91cA", recipient_type: "group" }]);
    const unknown = { phone_number_id, group_id: "other", content };
    expect(await refusalOf(enqueue(desk, unknown))).toBe("42501 group_id");
  });

  test("with one key at once from ten sides is one message; at another time it is another", async () => {
    const idempotency_key = randomUUID();
    const all = await Promise.all(Array.from({ length: 10 }, () => say("a", { idempotency_key })));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(all.filter(({ is_new }) => is_new)).toHaveLength(1);
    const scheduled_at = new Date(desk.now().getTime() + 60_000).toISOString();
    expect(await refusalOf(say("a", { idempotency_key, scheduled_at }))).toBe(
      "23505 idempotency_key",
    );
  });

  test("is for who may send there: not viewers, strangers, or agents of others' conversations", async () => {
    const message = { conversation_id: customer.id, content: text() };
    const colleague = await hire(desk, shop, "agent");
    await desk.sql`update public.whatsapp_conversations set assignee_id = ${colleague} where id = ${customer.id}`;
    const refused = [
      await hire(desk, shop, "viewer"),
      await hire(desk, shop, "agent"),
      await hire(desk, await openShop(desk), "admin"),
    ];
    for (const as of refused) expect(await refusalOf(enqueue(desk, message, as))).toMatch(/^42501/);
    expect(await enqueue(desk, message, colleague)).toMatchObject({ status: "queued" });
  });
});
