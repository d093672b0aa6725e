import { createHmac } from "node:crypto";
import { withThrowawayDatabase } from "@wabase/local";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  connect,
  createTenant,
  headersOf,
  newPhone,
  newWamid,
  postWebhook,
  ROOT,
  serviceClient,
  TEST_NUMBERS,
  type TestTenant,
  textWebhook,
  waitFor,
  withConnection,
} from "./support/workbench.ts";
import { sendAs } from "./support/send.ts";

const sql = connect();
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  [tenant, other] = [await createTenant(sql), await createTenant(sql)];
});
afterAll(() => sql.end());

const newSecret = () => `EAA${crypto.randomUUID().replaceAll("-", "")}`;

type SecretName = "access_token" | "app_secret" | "verify_token";

async function store(place: TestTenant, name: SecretName, value = newSecret()): Promise<string> {
  const { tenant_id } = place;
  await place.admin.rpc("whatsapp_set_secret", { tenant_id, name, value }).throwOnError();
  return value;
}

describe("a tenant's secret", () => {
  test("is written by admins alone, and read by no user, not even by who wrote it", async () => {
    const value = await store(tenant, "access_token");
    const { tenant_id } = tenant;
    for (const client of [tenant.agent, tenant.viewer, other.admin]) {
      const { error } = await client.rpc("whatsapp_set_secret", {
        tenant_id,
        name: "access_token",
        value: "x",
      });
      expect(error?.code).toBe("42501");
      expect((await client.from("whatsapp_secrets").select("*").match({ tenant_id })).data).toEqual(
        [],
      );
    }
    const { data } = await tenant.admin.from("whatsapp_secrets").select("*").match({ tenant_id });
    expect(data).toMatchObject([{ name: "access_token", updated_by: tenant.user_ids.admin }]);
    expect(JSON.stringify(data)).not.toContain(value);
    for (const name of ["whatsapp_access_token", "whatsapp_webhook_secrets"] as const) {
      const args = { phone_number_id: tenant.phone_number_id };
      const { error } = await tenant.admin.rpc(name, name === "whatsapp_access_token" ? args : {});
      expect(error?.code).toBe("42501");
    }
    const vault = await fetch(
      `${inject("workbench").url}/rest/v1/decrypted_secrets?select=decrypted_secret`,
      { headers: { ...(await headersOf(tenant.admin)), "accept-profile": "vault" } },
    );
    expect(vault.status).toBe(406);
  });

  test("lies encrypted in Vault, and ends there with its row", async () => {
    const value = await store(tenant, "verify_token");
    const kept = async () => {
      const [row] = await sql<{ rows: number; text: string | null }[]>`
        select count(*)::int as rows, string_agg(secrets::text, '') as text from vault.secrets
        where name in (select 'wabase/' || id from public.whatsapp_secrets where tenant_id = ${tenant.tenant_id} and name = 'verify_token')`;
      return row;
    };
    expect((await kept())?.rows).toBe(1);
    expect((await kept())?.text).not.toContain(value);
    const [{ count: before } = { count: 0 }] = await sql<{ count: number }[]>`
      select count(*)::int from vault.secrets`;
    const { tenant_id } = tenant;
    await tenant.admin
      .rpc("whatsapp_set_secret", { tenant_id, name: "verify_token" })
      .throwOnError();
    const [{ count: after } = { count: 0 }] = await sql<{ count: number }[]>`
      select count(*)::int from vault.secrets`;
    expect(before - after).toBe(1);
  });

  test("a malformed one is refused and not quoted", async () => {
    const { tenant_id } = tenant;
    for (const value of ["", "with space", "line\n", "ü".repeat(3), "x".repeat(2001)]) {
      const { error } = await tenant.admin.rpc("whatsapp_set_secret", {
        tenant_id,
        name: "app_secret",
        value,
      });
      expect(error).toMatchObject({
        code: "22023",
        message: expect.stringMatching(/^value: must/),
      });
      expect(JSON.stringify(error)).not.toContain(value || "no value");
    }
  });

  test("without Vault there is a clear error, and the functions find no secret", async () => {
    await withThrowawayDatabase(ROOT, async ({ superuser_url }) => {
      await withConnection(superuser_url, async (database) => {
        await database`drop extension supabase_vault cascade`;
        await database.begin(async (transaction) => {
          await transaction`select set_config('request.jwt.claims', '{"role": "service_role"}', true)`;
          const set = transaction.savepoint(
            (inner) =>
              inner`select public.whatsapp_set_secret(${crypto.randomUUID()}, 'access_token', 'x')`,
          );
          await expect(set).rejects.toMatchObject({
            code: "0A000",
            message: "value: this database has no Vault to keep it in",
          });
          const [row] = await transaction`
            select public.whatsapp_webhook_secrets() as secrets, public.whatsapp_access_token('1') as token`;
          expect(row).toEqual({ secrets: { tenants: [], verify_tokens: [] }, token: null });
        });
      });
    });
  });
});

describe("an access token", () => {
  test("of the number goes before the tenant's, and nobody gets another's", async () => {
    const service = serviceClient();
    const read = async (place: TestTenant) =>
      (await service.rpc("whatsapp_access_token", { phone_number_id: place.phone_number_id })).data;
    const place = await createTenant(sql);
    expect(await read(place)).toBeNull();
    const ofTenant = await store(place, "access_token");
    expect(await read(place)).toBe(ofTenant);
    const ofNumber = newSecret();
    const { tenant_id, number_id } = place;
    const secret = { tenant_id, number_id, name: "access_token", value: ofNumber } as const;
    await place.admin.rpc("whatsapp_set_secret", secret).throwOnError();
    expect(await read(place)).toBe(ofNumber);
    const foreign = { ...secret, number_id: other.number_id };
    const { error } = await place.admin.rpc("whatsapp_set_secret", foreign);
    expect(error?.message).toBe("number_id: this tenant has no such number");
    expect(await read(other)).toBeNull();
  });

  test("is what a number's messages are sent with: a wrong one pauses the number, by Meta's word", async () => {
    const place = await createTenant(sql);
    await store(place, "access_token", "revoked");
    const phone = newPhone();
    await postWebhook(textWebhook(place.phone_number_id, [{ from: phone }]));
    const answer = await sendAs(place.agent, {
      phone_number_id: place.phone_number_id,
      to: `+${phone}`,
      type: "text",
      text: { body: "Hello" },
    });
    expect(answer).toMatchObject({ http_status: 202, status: "queued", error: { code: 190 } });
    expect(JSON.stringify(answer)).not.toContain("revoked");
  });
});

describe("a tenant's app secret", () => {
  const signedWith = (body: string, secret: string) =>
    postWebhook(body, {
      signature: `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    });

  test("lets in webhooks of its own numbers, soon after it was stored", async () => {
    const secret = await store(tenant, "app_secret");
    const id = newWamid();
    const body = textWebhook(tenant.phone_number_id, [{ from: newPhone(), id }]);
    // Isolates keep secrets for 5 seconds at most before they look again.
    const stored = await waitFor("the function to know the new secret", async () => {
      const answer = await signedWith(body, secret);
      return answer.status === 200;
    });
    expect(stored).toBe(true);
    const [row] = await sql<{ secret_id: string }[]>`
      select secret_id from wabase.webhook_journal where position(${id} in body) > 0`;
    expect(row?.secret_id).toBe(`tenant ${tenant.tenant_id}`);
  });

  test("opens no other tenant's numbers, nor numbers that nobody has yet", async () => {
    const secret = await store(tenant, "app_secret");
    const own = textWebhook(tenant.phone_number_id, [{ from: newPhone() }]);
    await waitFor("the function to know the new secret", async () => {
      return (await signedWith(own, secret)).status === 200;
    });
    const ofOther = textWebhook(other.phone_number_id, [{ from: newPhone() }]);
    const ofNobody = textWebhook("5999999999999", [{ from: newPhone() }]);
    const mixed = JSON.parse(own);
    mixed.entry.push(...JSON.parse(ofOther).entry);
    const account = JSON.stringify({
      object: "whatsapp_business_account",
      entry: [
        {
          id: "8000000000001",
          time: 1,
          changes: [{ field: "account_update", value: { event: "DISABLED_UPDATE" } }],
        },
      ],
    });
    for (const body of [ofOther, ofNobody, JSON.stringify(mixed), account, "{}", "[", ""]) {
      expect((await signedWith(body, secret)).status).toBe(401);
    }
  });

  test("is not needed for a webhook that the environment's app has signed", async () => {
    const body = textWebhook(tenant.phone_number_id, [{ from: newPhone() }]);
    expect((await postWebhook(body)).status).toBe(200);
  });
});

test("a tenant's verify token passes the handshake", async () => {
  const token = await store(tenant, "verify_token");
  const query = new URLSearchParams({
    "hub.mode": "subscribe",
    "hub.verify_token": token,
    "hub.challenge": "42",
  });
  const url = `${inject("workbench").url}/functions/v1/whatsapp-webhook?${query.toString()}`;
  const answer = await waitFor("the handshake", async () => {
    const response = await fetch(url);
    return response.status === 200 ? await response.text() : null;
  });
  expect(answer).toBe("42");
});

describe("whatsapp-numbers", () => {
  const connectNumber = async (client: TestTenant["admin"], body: object) => {
    const response = await fetch(`${inject("workbench").url}/functions/v1/whatsapp-numbers`, {
      method: "POST",
      headers: { ...(await headersOf(client)), "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  const request = (place: TestTenant, number: (typeof TEST_NUMBERS)[number]) => ({
    tenant_id: place.tenant_id,
    waba_id: number.waba_id,
    phone_number_id: number.phone_number_id,
    access_token: inject("workbench").access_token,
  });
  /** One that the emulator serves and no tenant will take: they are taken from the front. */
  const [free] = TEST_NUMBERS.slice(-1);
  if (free === undefined) throw new Error("the emulator serves no numbers");

  test("connects a number that Meta shows the admin's token, and keeps the token for it", async () => {
    const answer = await connectNumber(tenant.admin, request(tenant, free));
    expect(answer).toMatchObject({
      status: 200,
      body: {
        phone_number_id: free.phone_number_id,
        verified_name: free.verified_name,
        display_phone_number: free.display_phone_number,
      },
    });
    const { data } = await serviceClient().rpc("whatsapp_access_token", {
      phone_number_id: free.phone_number_id,
    });
    expect(data).toBe(inject("workbench").access_token);
    // Again: refreshed, not doubled.
    expect((await connectNumber(tenant.admin, request(tenant, free))).status).toBe(200);
    // And nobody takes it over, whatever their token shows.
    const taken = await connectNumber(other.admin, request(other, free));
    expect(taken).toMatchObject({ status: 403, body: { error: { field: "phone_number_id" } } });
  });

  test("refuses a token to which Meta does not show it, and writes nothing", async () => {
    const unknown = { ...free, phone_number_id: "5999999999998" };
    for (const [body, field] of [
      [{ ...request(tenant, unknown) }, "phone_number_id"],
      [{ ...request(tenant, unknown), access_token: "guessed" }, "access_token"],
      [{ ...request(tenant, unknown), waba_id: "1" }, "access_token"],
    ] as const) {
      const answer = await connectNumber(tenant.admin, body);
      expect(answer).toMatchObject({
        status: 422,
        body: { error: { code: "not_confirmed", field } },
      });
    }
    const rows =
      await sql`select from public.whatsapp_numbers where phone_number_id = '5999999999998'`;
    expect(rows).toHaveLength(0);
  });

  test("is for admins of the tenant, and names a wrong field", async () => {
    for (const client of [tenant.agent, tenant.viewer, other.admin]) {
      expect((await connectNumber(client, request(tenant, free))).status).toBe(403);
    }
    const answer = await connectNumber(tenant.admin, { ...request(tenant, free), waba_id: "../x" });
    expect(answer).toMatchObject({ status: 400, body: { error: { field: "waba_id" } } });
  });
});
