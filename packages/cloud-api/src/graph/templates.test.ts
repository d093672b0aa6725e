import { expect, test } from "vitest";
import { createGraphClient } from "./client.ts";
import { answering } from "./test-server.ts";

const waba_id = "102290129340398";
const listed = {
  id: "1951933648908188",
  name: "order_confirmation",
  language: "en_US",
  status: "APPROVED",
  category: "UTILITY",
  parameter_format: "POSITIONAL",
  components: [{ type: "BODY", text: "Hi {{1}}", example: { body_text: [["Ada"]] } }],
};

function clientOf(status: number, body: unknown) {
  const server = answering(status, body);
  const { templates, numbers } = createGraphClient({ access_token: "t", fetch: server.fetch });
  return { templates, numbers, calls: server.calls };
}

test("create hands the draft in as it is", async () => {
  const created = { id: "546151681022936", status: "PENDING", category: "UTILITY" };
  const { templates, calls } = clientOf(200, created);
  const draft = {
    name: "a",
    language: "en_US",
    category: "UTILITY" as const,
    components: [{ type: "BODY", text: "Hi" }],
  };
  expect(await templates.create(waba_id, draft)).toEqual(created);
  expect(calls[0]?.url).toBe(`https://graph.facebook.com/v26.0/${waba_id}/message_templates`);
  expect(calls[0]?.init.method).toBe("POST");
  expect(calls[0]?.body).toEqual(draft);
});

test("list reads a page, keeps every key and says where the next begins", async () => {
  const more = { ...listed, quality_score: { score: "GREEN" }, new_key: 1 };
  const { templates, calls } = clientOf(200, {
    data: [more],
    paging: { cursors: { before: "MAZDZD", after: "MjQZD" }, next: "https://graph…" },
  });
  const options = { status: "APPROVED", after: "Mz", limit: 10 };
  expect(await templates.list(waba_id, options)).toEqual({ templates: [more], after: "MjQZD" });
  const { searchParams } = new URL(calls[0]?.url ?? "");
  expect(Object.fromEntries(searchParams)).toMatchObject({
    status: "APPROVED",
    after: "Mz",
    limit: "10",
    fields: expect.stringContaining("components"),
  });
});

test.each([
  ["no next page", { paging: { cursors: { after: "MjQZD" } } }],
  ["no cursor", { paging: { next: "https://graph…" } }],
  ["no paging at all", {}],
])("with %s it is the last", async (_name, paging) => {
  const { templates } = clientOf(200, { data: [], ...paging });
  expect(await templates.list(waba_id)).toEqual({ templates: [], after: null });
});

test("a template that cannot be one makes the page unreadable, by its place", async () => {
  const { templates } = clientOf(200, { data: [listed, { ...listed, id: 1 }] });
  await expect(templates.list(waba_id)).rejects.toMatchObject({
    code: "unreadable_response",
    message: expect.stringContaining("data[1]"),
  });
});

test("get and remove name the template, and ids that are paths are refused", async () => {
  const got = clientOf(200, listed);
  expect(await got.templates.get(listed.id)).toEqual(listed);
  const gone = clientOf(200, { success: true });
  await gone.templates.remove(waba_id, { name: "a", template_id: listed.id });
  expect(gone.calls[0]?.init.method).toBe("DELETE");
  expect(gone.calls[0]?.url).toMatch(/message_templates\?name=a&hsm_id=1951933648908188$/);
  await expect(gone.templates.get("../me")).rejects.toThrow("template_id: must be");
  await expect(gone.templates.list("1/2")).rejects.toThrow("waba_id: must be");
});

test("Meta's refusal is thrown as such", async () => {
  const { templates } = clientOf(400, { error: { code: 80007, message: "(#80007) Rate limit" } });
  await expect(templates.list(waba_id)).rejects.toMatchObject({ graph_code: 80007 });
});

test("a number says how fast it may send", async () => {
  const { numbers, calls } = clientOf(200, {
    id: "1",
    display_phone_number: "+1 555-078-3881",
    verified_name: "Lucky Shrub",
    quality_rating: "GREEN",
    throughput: { level: "HIGH" },
    status: "CONNECTED",
    platform_type: "CLOUD_API",
    is_on_biz_app: true,
  });
  expect(await numbers.get("1")).toEqual({
    display_phone_number: "+1 555-078-3881",
    verified_name: "Lucky Shrub",
    quality_rating: "GREEN",
    throughput_level: "HIGH",
    status: "CONNECTED",
    platform_type: "CLOUD_API",
    is_on_business_app: true,
  });
  expect(calls[0]?.url).toContain("fields=id%2Cdisplay_phone_number");
});

test("what a number does not say is null", async () => {
  const { numbers } = clientOf(200, { id: "1", quality_rating: 5, throughput: "?" });
  expect(await numbers.get("1")).toMatchObject({
    quality_rating: null,
    throughput_level: null,
    is_on_business_app: null,
  });
});
