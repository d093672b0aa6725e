import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { addCustomer, callEmulator, customerWrites } from "./support/emulator.ts";
import {
  callMedia,
  customerSends,
  downloadsOf,
  makeDue,
  mediaOf,
  newFile,
  signAs,
} from "./support/media.ts";
import {
  anonClient,
  connect,
  createTenant,
  envelope,
  headersOf,
  newPhone,
  newWamid,
  postWebhook,
  serviceClient,
  signUpSomebody,
  type TestTenant,
  waitFor,
} from "./support/workbench.ts";

// What customers send is fetched from Meta's side into the bucket, by the function that pg_cron starts.

const sql = connect();
let bakery: TestTenant;
let florist: TestTenant;
let phone: string;

beforeAll(async () => {
  [bakery, florist] = await Promise.all([createTenant(sql), createTenant(sql)]);
  phone = await addCustomer();
});
afterAll(() => sql.end());

function hashOf(bytes: ArrayBuffer): string {
  return createHash("sha256").update(new Uint8Array(bytes)).digest("hex");
}

async function failNext(fault: object): Promise<void> {
  await callEmulator("POST", "/faults", { phone_number_id: bakery.phone_number_id, ...fault });
}

describe("a file that a customer sends", () => {
  test("is in the bucket soon, checked, under its tenant and hash, and its state says so", async () => {
    const file = newFile("image");
    const wamid = await customerSends(bakery, phone, { file, caption: "Our cake" });
    const media = await mediaOf(sql, wamid, "stored");
    expect(media).toMatchObject({
      place: ["image"],
      kind: "image",
      mime_type: "image/jpeg",
      size: file.bytes.length,
      sha256: file.sha256,
      storage_path: `${bakery.tenant_id}/${file.sha256}`,
      error: null,
    });
    const [answer] = await signAs(bakery.agent, media.message_id);
    const stored = await fetch(answer?.url ?? "");
    expect(stored.headers.get("content-type")).toBe("image/jpeg");
    expect(hashOf(await stored.arrayBuffer())).toBe(file.sha256);
    expect(await sql`select from wabase.media_jobs where message_id = ${media.message_id}`).toEqual(
      [],
    );
  });

  test.each([
    ["audio", "audio/ogg; codecs=opus"],
    ["video", "video/mp4"],
    ["sticker", "image/webp"],
    ["document", "application/x-whatever"],
  ] as const)("%s of type %s is taken", async (kind, mime_type) => {
    const file = newFile(kind, { mime_type });
    const wamid = await customerSends(bakery, phone, { file, filename: "a" });
    expect(await mediaOf(sql, wamid, "stored")).toMatchObject({ kind, mime_type });
  });

  test("is saved and never shown where it is a document, whatever it calls itself", async () => {
    const file = newFile("document", { mime_type: "text/html" });
    const wamid = await customerSends(bakery, phone, { file, filename: "a „b“.html" });
    const { message_id } = await mediaOf(sql, wamid, "stored");
    const [answer] = await signAs(bakery.agent, message_id);
    const stored = await fetch(answer?.url ?? "");
    expect(stored.headers.get("content-type")).toBe("application/octet-stream");
    expect(stored.headers.get("content-disposition")).toMatch(/^attachment; .*html/);
  });

  test("is fetched once for a tenant, however often it comes, and once for each tenant", async () => {
    const file = newFile("image");
    const first = await customerSends(bakery, phone, { file });
    const { storage_path } = await mediaOf(sql, first, "stored");
    const again = await mediaOf(sql, await customerSends(bakery, phone, { file }), "stored");
    expect(again).toMatchObject({ storage_path, size: file.bytes.length });
    expect(await downloadsOf(again.media_id)).toBe(0);
    const elsewhere = await mediaOf(sql, await customerSends(florist, phone, { file }), "stored");
    expect(elsewhere.storage_path).toBe(`${florist.tenant_id}/${file.sha256}`);
    expect(await downloadsOf(elsewhere.media_id)).toBe(1);
  });

  test("has no row and no job where the message is a text", async () => {
    const wamid = await customerWrites(phone, bakery.phone_number_id, "Just words");
    const message_id = await waitFor("the text", async () => {
      const [row] = await sql<{ id: string }[]>`
        select id from public.whatsapp_messages where wamid = ${wamid}`;
      return row?.id;
    });
    expect(await sql`select from public.whatsapp_media where message_id = ${message_id}`).toEqual(
      [],
    );
  });
});

/** Waits until the file's last attempt failed with this code; its next one is due at once then. */
async function untilFailed(wamid: string, code: string | number, attempts = 1) {
  return await waitFor(
    `attempt ${attempts} to fail with ${code}`,
    async () => {
      const media = await mediaOf(sql, wamid);
      return media.error?.code === code && media.attempts >= attempts ? media : null;
    },
    60_000,
  );
}

describe("a file that cannot be had at once", () => {
  test.each([
    ["Meta's own trouble", { endpoint: "media_url", code: 131000 }, 131000],
    ["an id that Meta does not find", { endpoint: "media_url", code: 100 }, 100],
    [
      "a download that breaks off",
      { endpoint: "media_download", how: "accept_then_cut" },
      "broken_off",
    ],
    [
      "bytes that are not those of the hash",
      { endpoint: "media_download", how: "corrupt" },
      "wrong_hash",
    ],
    ["another hash than the webhook's", { endpoint: "media_url", how: "corrupt" }, "wrong_hash"],
    [
      "a proxy's page",
      { endpoint: "media_download", code: 2, body: "html", http: 502 },
      "unreadable_response",
    ],
  ])("after %s is asked for again, and nothing of it was stored", async (_what, fault, code) => {
    await failNext(fault);
    const file = newFile("image");
    const wamid = await customerSends(bakery, phone, { file });
    const media = await untilFailed(wamid, code);
    expect(media.state).toBe("pending");
    const path = `${bakery.tenant_id}/${file.sha256}`;
    expect(await sql`select from storage.objects where name = ${path}`).toEqual([]);
    await makeDue(sql, media.message_id);
    expect(await mediaOf(sql, wamid, "stored")).toMatchObject({ storage_path: path, error: null });
  });

  test("whose bytes are wrong again and again is failed, with the reason, and a member can ask once more", async () => {
    await failNext({ endpoint: "media_download", how: "corrupt", times: 5 });
    const wamid = await customerSends(bakery, phone, { file: newFile("image") });
    const { message_id } = await mediaOf(sql, wamid);
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await untilFailed(wamid, "wrong_hash", attempt);
      await makeDue(sql, message_id);
    }
    expect(await mediaOf(sql, wamid, "failed")).toMatchObject({ error: { code: "wrong_hash" } });
    const refused = await bakery.viewer.rpc("whatsapp_retry_media", { message_id });
    expect(refused.error?.code).toBe("42501");
    const { data } = await bakery.agent.rpc("whatsapp_retry_media", { message_id });
    expect(data).toBe(true);
    await mediaOf(sql, wamid, "stored");
  });

  test("is looked up anew for each attempt: the address in the webhook is never opened", async () => {
    const wamid = newWamid();
    const file = newFile("image");
    const other = await customerSends(florist, phone, { file });
    const { media_id } = await mediaOf(sql, other);
    // Its id is another number's: Meta refuses it, although the address of the webhook would do.
    await postWebhook(
      mediaWebhook(wamid, {
        id: media_id,
        mime_type: "image/jpeg",
        sha256: Buffer.from(file.sha256, "hex").toString("base64"),
        url: "http://169.254.169.254/latest/meta-data",
      }),
    );
    const media = await untilFailed(wamid, 100);
    expect(media.state).toBe("pending");
  });

  test("that is not of the kind of its message, or has no id, is failed at once", async () => {
    const wrong = newFile("image", { mime_type: "text/html" });
    const wamid = await customerSends(bakery, phone, { file: wrong });
    expect(await mediaOf(sql, wamid, "failed")).toMatchObject({ error: { code: "wrong_type" } });
    const without = newWamid();
    const errors = [{ code: 131052, title: "Media download error", message: "Too large" }];
    await postWebhook(mediaWebhook(without, { mime_type: "image/jpeg" }, { errors }));
    expect(await mediaOf(sql, without)).toMatchObject({ state: "failed", error: { code: 131052 } });
  });
});

function mediaWebhook(id: string, image: object, more: object = {}): string {
  const from = newPhone();
  const message = {
    from,
    id,
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: "image",
    image,
  };
  const value = {
    messaging_product: "whatsapp",
    metadata: { display_phone_number: "1", phone_number_id: bakery.phone_number_id },
    contacts: [{ profile: { name: "Ada" }, wa_id: from }],
    messages: [{ ...message, ...more }],
  };
  return envelope([{ field: "messages", value }]);
}

describe("what Meta keeps for seven days", () => {
  test("is warned of a day before, once for all of a number, and expired when it is lost", async () => {
    await failNext({ endpoint: "media_url", code: 190, times: null });
    const wamids = [
      await customerSends(bakery, phone, { file: newFile("image") }),
      await customerSends(bakery, phone, { file: newFile("image") }),
    ];
    for (const wamid of wamids) {
      const { message_id } = await untilFailed(wamid, 190);
      await sql`update wabase.media_jobs set due_at = now() + interval '1 hour' where message_id = ${message_id}`;
    }
    const shift = (to: string) => sql`
      update wabase.media_jobs set expires_at = now() + ${to}::interval, due_at = now() + interval '1 hour'
      where number_id = ${bakery.number_id} and message_id is not null`;
    const lookAfter = async () => {
      const lease_id = crypto.randomUUID();
      const { error } = await serviceClient().rpc("whatsapp_lease_media", {
        max_jobs: 1,
        lease_id,
      });
      expect(error).toBeNull();
    };
    const events = () => sql`
      select event, severity, (content ->> 'files')::int as files from public.whatsapp_account_events
      where number_id = ${bakery.number_id} and field = 'media' order by id`;
    await shift("20 hours");
    await lookAfter();
    await lookAfter();
    const [warning, ...others] = await events();
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ event: "EXPIRING", severity: "WARNING" });
    expect(warning?.["files"]).toBeGreaterThanOrEqual(2);
    await shift("-1 second");
    await lookAfter();
    for (const wamid of wamids) await mediaOf(sql, wamid, "expired");
    expect(await events()).toMatchObject([
      { event: "EXPIRING" },
      { event: "EXPIRED", severity: "CRITICAL" },
    ]);
    await callEmulator("DELETE", "/faults");
  });
});

describe("who gets the address of a file", () => {
  let message_id: string;
  let path: string;
  beforeAll(async () => {
    const customer = await addCustomer();
    const media = await mediaOf(
      sql,
      await customerSends(bakery, customer, { file: newFile() }),
      "stored",
    );
    message_id = media.message_id;
    path = media.storage_path ?? "";
  });

  test("admin, agent and viewer of the tenant do, and the secret key", async () => {
    for (const member of [bakery.admin, bakery.agent, bakery.viewer]) {
      expect(await signAs(member, message_id)).toMatchObject([
        { state: "stored", url: expect.any(String) },
      ]);
    }
    const { url, keys } = inject("workbench");
    const response = await fetch(`${url}/functions/v1/whatsapp-media`, {
      method: "POST",
      headers: { apikey: keys.secret_key },
      body: JSON.stringify({ action: "sign", message_ids: [message_id] }),
    });
    expect(await response.json()).toMatchObject({ files: [{ url: expect.any(String) }] });
  });

  test("nobody of another tenant, nobody without a tenant", async () => {
    const { client: stranger } = await signUpSomebody();
    for (const other of [florist.admin, florist.agent, stranger]) {
      expect(await signAs(other, message_id)).toEqual([]);
      const { data } = await other
        .from("whatsapp_media")
        .select("storage_path")
        .eq("message_id", message_id);
      expect(data).toEqual([]);
    }
    const { url } = inject("workbench");
    const nobody = await fetch(`${url}/functions/v1/whatsapp-media`, {
      method: "POST",
      body: JSON.stringify({ action: "sign", message_ids: [message_id] }),
    });
    expect(nobody.status).toBe(401);
    expect((await anonClient().from("whatsapp_media").select("*")).error?.code).toBe("42501");
  });

  test("not the agent whose colleague has the conversation", async () => {
    await assign(bakery.user_ids.admin);
    expect(await signAs(bakery.agent, message_id)).toEqual([]);
    expect(await signAs(bakery.viewer, message_id)).toHaveLength(1);
    await assign(bakery.user_ids.agent);
    expect(await signAs(bakery.agent, message_id)).toHaveLength(1);
  });

  async function assign(user_id: string): Promise<void> {
    await sql`
      update public.whatsapp_conversations set assignee_id = ${user_id}
      where id = (select conversation_id from public.whatsapp_messages where id = ${message_id})`;
  }

  test("nobody past the function: the bucket answers no member, and takes nothing from one", async () => {
    const bucket = bakery.admin.storage.from("whatsapp-media");
    expect((await bucket.download(path)).error).not.toBeNull();
    expect((await bucket.createSignedUrl(path, 60)).error).not.toBeNull();
    expect((await bucket.upload(path, new Blob(["other"]), { upsert: true })).error).not.toBeNull();
    expect((await bucket.list(bakery.tenant_id)).data ?? []).toEqual([]);
  });

  test("no work for a member, and no lease", async () => {
    const response = await callMedia(bakery.admin, { action: "work", wait: true });
    expect(response.status).toBe(403);
    const { error } = await bakery.admin.rpc("whatsapp_lease_media", {
      max_jobs: 1,
      lease_id: crypto.randomUUID(),
    });
    expect(error?.code).toBe("42501");
  });

  test.each([
    [{ action: "sign", message_ids: ["1"] }, "message_ids[0]"],
    [{ action: "sign", message_ids: [] }, "message_ids"],
    [{ action: "steal" }, "action"],
    [{ action: "sign", message_ids: [crypto.randomUUID()], path: "x" }, "path"],
  ])("a request that is wrong names the field: %j", async (body, field) => {
    const response = await callMedia(bakery.agent, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { field } });
    expect(await headersOf(bakery.agent)).toHaveProperty("apikey");
  });
});
