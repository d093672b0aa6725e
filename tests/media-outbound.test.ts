import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  acceptedByMeta,
  addCustomer,
  callEmulator,
  openConversation,
  type OpenConversation,
} from "./support/emulator.ts";
import {
  callMedia,
  customerSends,
  mediaOf,
  type MediaKind,
  newFile,
  signAs,
  type TestFile,
  uploadsOf,
} from "./support/media.ts";
import { type Answer, sendAs, text } from "./support/send.ts";
import {
  connect,
  createTenant,
  serviceClient,
  signUpSomebody,
  TEST_NUMBERS,
  type TestTenant,
  waitFor,
} from "./support/workbench.ts";

// Files that members send: into the bucket by a signed address, to Meta's side once per number, in the message by id.

const sql = connect();
let bakery: TestTenant;
let florist: TestTenant;
let open: OpenConversation;

beforeAll(async () => {
  [bakery, florist] = await Promise.all([createTenant(sql), createTenant(sql)]);
  open = await openConversation(sql, bakery);
});
afterAll(() => sql.end());

const placeSchema = z.object({ bucket: z.string(), storage_path: z.string(), token: z.string() });

/** Uploads a file as this member does; answers its path. */
async function upload(
  file: TestFile,
  { client = bakery.agent, conversation_id = open.conversation_id } = {},
): Promise<string> {
  const { kind, mime_type, bytes } = file;
  const request = { action: "upload", conversation_id, kind, mime_type, size: bytes.length };
  const response = await callMedia(client, request);
  const { bucket, storage_path, token } = placeSchema.parse(await response.json());
  const { error } = await client.storage
    .from(bucket)
    .uploadToSignedUrl(storage_path, token, new Blob([bytes], { type: mime_type }), {
      contentType: mime_type,
    });
  expect(error).toBeNull();
  return storage_path;
}

function withFile(storage_path: string, kind: MediaKind = "image", more: object = {}) {
  const { conversation_id } = open;
  return { conversation_id, type: kind, [kind]: { storage_path, ...more } };
}

/** What Meta's side took of the message. */
async function sentBody(answer: Answer): Promise<object> {
  const sent = await waitFor(
    "Meta's side to have the message",
    async () => {
      const [entry] = await acceptedByMeta(answer.id ?? "");
      return entry;
    },
    60_000,
  );
  return z.looseObject({}).parse(sent.body);
}

describe("a file from the bucket", () => {
  test("reaches Meta's side before the message, which names it by its id", async () => {
    const file = newFile();
    const storage_path = await upload(file);
    expect(storage_path).toMatch(new RegExp(`^${bakery.tenant_id}/uploads/[0-9a-f-]{36}$`));
    const answer = await sendAs(bakery.agent, withFile(storage_path, "image", { caption: "Cake" }));
    expect(answer).toMatchObject({ http_status: 200, wamid: expect.any(String) });
    const [media_id, ...others] = await uploadsOf(file);
    expect(others).toEqual([]);
    expect(await sentBody(answer)).toMatchObject({ image: { id: media_id, caption: "Cake" } });
    expect(JSON.stringify(await sentBody(answer))).not.toContain("storage_path");
    const [row] = await sql`
      select body, content from public.whatsapp_messages where id = ${answer.id ?? ""}`;
    expect(row).toMatchObject({ body: "Cake", content: { image: { storage_path } } });
    const [signed] = await signAs(bakery.viewer, answer.id ?? "");
    const stored = await fetch(signed?.url ?? "");
    expect(new Uint8Array(await stored.arrayBuffer())).toEqual(file.bytes);
  });

  test("goes once to a number, however many messages it is in, and once to each number", async () => {
    const file = newFile();
    const storage_path = await upload(file);
    for (let time = 0; time < 3; time += 1) {
      await sentBody(await sendAs(bakery.agent, withFile(storage_path)));
    }
    expect(await uploadsOf(file)).toHaveLength(1);
    const second = TEST_NUMBERS.at(-2);
    if (second === undefined) throw new Error("no number");
    await sql`insert into public.whatsapp_numbers ${sql({ ...second, tenant_id: bakery.tenant_id })}`;
    const other = await openConversation(sql, { ...bakery, ...second });
    const { conversation_id } = other;
    await sentBody(await sendAs(bakery.agent, { ...withFile(storage_path), conversation_id }));
    expect(await uploadsOf(file)).toHaveLength(2);
  });

  test("that came in from a customer is sent on by its hash", async () => {
    const file = newFile();
    const { storage_path } = await mediaOf(
      sql,
      await customerSends(bakery, open.phone, { file }),
      "stored",
    );
    const answer = await sendAs(bakery.agent, withFile(storage_path ?? ""));
    expect(await sentBody(answer)).toMatchObject({ image: { id: (await uploadsOf(file))[0] } });
  });

  test("keeps its place: what is sent after it goes after it", async () => {
    const storage_path = await upload(newFile("video", { mime_type: "video/mp4", size: 300_000 }));
    const first = await sendAs(bakery.agent, { ...withFile(storage_path, "video"), wait: false });
    const second = await sendAs(
      bakery.agent,
      text(open.conversation_id, "And this", { wait: false }),
    );
    await Promise.all([sentBody(first), sentBody(second)]);
    const [film] = await acceptedByMeta(first.id ?? "");
    const [words] = await acceptedByMeta(second.id ?? "");
    expect(film?.accepted_at).toBeLessThanOrEqual(words?.accepted_at ?? 0);
  });

  test("may stand in the header of buttons", async () => {
    const file = newFile();
    const answer = await sendAs(bakery.agent, {
      conversation_id: open.conversation_id,
      type: "interactive",
      interactive: {
        type: "button",
        header: { type: "image", image: { storage_path: await upload(file) } },
        body: { text: "This one?" },
        action: { buttons: [{ type: "reply", reply: { id: "y", title: "Yes" } }] },
      },
    });
    const [media_id] = await uploadsOf(file);
    expect(await sentBody(answer)).toMatchObject({
      interactive: { header: { type: "image", image: { id: media_id } } },
    });
    const { data } = await bakery.viewer
      .from("whatsapp_media")
      .select("place, kind, state")
      .eq("message_id", answer.id ?? "");
    expect(data).toEqual([
      { place: ["interactive", "header", "image"], kind: "image", state: "stored" },
    ]);
  });

  test("that ten messages of a backend name is uploaded once by the workers of pg_cron", async () => {
    const file = newFile();
    const storage_path = await upload(file);
    const answers: Answer[] = [];
    for (let time = 0; time < 10; time += 1) {
      const { conversation_id } = await openConversation(sql, bakery);
      const { data, error } = await serviceClient().rpc("whatsapp_enqueue_message", {
        message: { conversation_id, content: { type: "image", image: { storage_path } } },
      });
      expect(error).toBeNull();
      answers.push({ http_status: 200, ...z.object({ id: z.string() }).parse(data) });
    }
    for (const answer of answers) await sentBody(answer);
    expect(await uploadsOf(file)).toHaveLength(1);
  });
});

describe("a file that Meta's side has no more", () => {
  test("is uploaded again where its 30 days are over", async () => {
    const file = newFile();
    const storage_path = await upload(file);
    await sentBody(await sendAs(bakery.agent, withFile(storage_path)));
    await sql`
      update wabase.meta_uploads set uploaded_at = now() - interval '30 days' where storage_path = ${storage_path}`;
    const answer = await sendAs(bakery.agent, withFile(storage_path));
    const [, second] = await uploadsOf(file);
    expect(await sentBody(answer)).toMatchObject({ image: { id: second } });
  });

  test("is uploaded again where Meta says so, and the message goes after it", async () => {
    const file = newFile();
    const storage_path = await upload(file);
    await sentBody(await sendAs(bakery.agent, withFile(storage_path)));
    const [first] = await uploadsOf(file);
    await callEmulator("PUT", `/media/${first}`, { expires_at: 1 });
    const answer = await sendAs(bakery.agent, withFile(storage_path));
    const body = await sentBody(answer);
    const [, second] = await uploadsOf(file);
    expect(body).toMatchObject({ image: { id: second } });
    expect(await uploadsOf(file)).toHaveLength(2);
  });

  test("is not uploaded for ever: what Meta refuses twice is failed", async () => {
    const file = newFile();
    const storage_path = await upload(file);
    const fault = {
      endpoint: "messages",
      code: 131009,
      times: null,
      phone_number_id: bakery.phone_number_id,
    };
    const [added] = z
      .array(z.object({ id: z.number() }))
      .parse(await callEmulator("POST", "/faults", fault));
    try {
      const answer = await sendAs(bakery.agent, withFile(storage_path));
      await waitFor(
        "the failure",
        async () => {
          const [row] = await sql`
          select from public.whatsapp_messages
          where id = ${answer.id ?? ""} and status = 'failed' and error ->> 'code' = '131009'`;
          return row !== undefined;
        },
        60_000,
      );
      expect((await uploadsOf(file)).length).toBeLessThanOrEqual(2);
    } finally {
      await callEmulator("DELETE", `/faults/${added?.id}`);
    }
  });
});

describe("an upload to Meta's side that fails", () => {
  const failUpload = (fault: object) =>
    callEmulator("POST", "/faults", {
      endpoint: "media_upload",
      phone_number_id: bakery.phone_number_id,
      ...fault,
    });

  test("for good: the message is failed with the reason, and was not sent", async () => {
    await failUpload({ code: 131053 });
    const answer = await sendAs(bakery.agent, withFile(await upload(newFile())));
    expect(answer).toMatchObject({ http_status: 422, status: "failed", error: { code: 131053 } });
    expect(await acceptedByMeta(answer.id ?? "")).toEqual([]);
  });

  test.each([
    ["Meta's trouble", { code: 131000 }],
    ["a lost answer", { how: "accept_then_drop" }],
  ])("for now, by %s: is tried again, and the message goes", async (_what, fault) => {
    await failUpload(fault);
    const answer = await sendAs(bakery.agent, withFile(await upload(newFile())));
    expect([200, 202]).toContain(answer.http_status);
    expect(await sentBody(answer)).toHaveProperty("image.id");
  });
});

describe("before it is queued, it is refused", () => {
  const messages = () => sql`
    select count(*)::int from public.whatsapp_messages where tenant_id = ${bakery.tenant_id}`;

  async function refused(answer: Answer, field: string, status = 400): Promise<void> {
    expect(answer).toMatchObject({ http_status: status, error: { field } });
    expect(answer.error).toHaveProperty("hint");
  }

  test("to send a file that is not there", async () => {
    const before = await messages();
    const path = `${bakery.tenant_id}/uploads/${crypto.randomUUID()}`;
    await refused(await sendAs(bakery.agent, withFile(path)), "image.storage_path");
    expect(await messages()).toEqual(before);
  });

  test("to send another tenant's file", async () => {
    const theirs = await openConversation(sql, florist);
    const { conversation_id } = theirs;
    const path = await upload(newFile(), { client: florist.agent, conversation_id });
    const answer = await sendAs(bakery.agent, withFile(path));
    expect(answer).toMatchObject({ http_status: 400, error: { field: "image.storage_path" } });
  });

  test("to send on what came to a colleague's customer", async () => {
    const phone = await addCustomer();
    const wamid = await customerSends(bakery, phone, { file: newFile() });
    const { storage_path, message_id } = await mediaOf(sql, wamid, "stored");
    await sql`
      update public.whatsapp_conversations set assignee_id = ${bakery.user_ids.admin}
      where id = (select conversation_id from public.whatsapp_messages where id = ${message_id})`;
    await refused(await sendAs(bakery.agent, withFile(storage_path ?? "")), "image.storage_path");
    expect((await sendAs(bakery.admin, withFile(storage_path ?? ""))).http_status).toBe(200);
  });

  test("to send as one kind what Meta takes as another", async () => {
    const pdf = await upload(newFile("document", { mime_type: "application/pdf" }));
    await refused(await sendAs(bakery.agent, withFile(pdf)), "image.storage_path");
    const mp3 = await upload(newFile("audio", { mime_type: "audio/mpeg" }));
    const voice = withFile(mp3, "audio", { voice: true });
    await refused(await sendAs(bakery.agent, voice), "audio.storage_path");
    expect((await sendAs(bakery.agent, withFile(mp3, "audio"))).http_status).toBe(200);
  });

  test("to send more bytes than Meta takes, whatever was said of them before", async () => {
    const file = newFile("image", { size: 5 * 1024 * 1024 + 1 });
    const response = await callMedia(bakery.agent, {
      action: "upload",
      conversation_id: open.conversation_id,
      kind: "image",
      mime_type: "image/jpeg",
      size: 1,
    });
    const { bucket, storage_path, token } = placeSchema.parse(await response.json());
    await bakery.agent.storage
      .from(bucket)
      .uploadToSignedUrl(storage_path, token, new Blob([file.bytes], { type: "image/jpeg" }), {
        contentType: "image/jpeg",
      });
    const answer = await sendAs(bakery.agent, withFile(storage_path));
    expect(answer).toMatchObject({ http_status: 400, error: { field: "image.storage_path" } });
  });

  test("a path and an id together, and a path that is none", async () => {
    const both = withFile(await upload(newFile()), "image", { id: "1" });
    expect(await sendAs(bakery.agent, both)).toMatchObject({
      http_status: 400,
      error: { field: "image" },
    });
    const { error } = await bakery.agent.rpc("whatsapp_enqueue_message", {
      message: {
        conversation_id: open.conversation_id,
        content: { type: "image", image: { storage_path: "../../whatsapp-sessions/x" } },
      },
    });
    expect(error).toMatchObject({
      code: "22023",
      message: expect.stringContaining("image.storage_path"),
    });
  });
});

describe("a place for an upload", () => {
  const request = (more: object = {}) => ({
    action: "upload",
    phone_number_id: bakery.phone_number_id,
    kind: "image",
    mime_type: "image/jpeg",
    size: 10,
    ...more,
  });

  test("is given to who may send there, by number too", async () => {
    for (const member of [bakery.admin, bakery.agent]) {
      expect((await callMedia(member, request())).status).toBe(200);
    }
  });

  test("is not given to a viewer, another tenant's member or a stranger", async () => {
    const { client: stranger } = await signUpSomebody();
    const { phone_number_id: _none, ...rest } = request();
    for (const other of [bakery.viewer, florist.admin, stranger]) {
      expect((await callMedia(other, request())).status).toBe(403);
      const inside = { ...rest, conversation_id: open.conversation_id };
      expect((await callMedia(other, inside)).status).toBe(403);
    }
  });

  test.each([
    [{ mime_type: "image/gif" }, "mime_type"],
    [{ size: 6_000_000 }, "size"],
    [{ kind: "gif" }, "kind"],
    [{ phone_number_id: undefined }, "conversation_id"],
  ])("is refused where the file cannot be sent: %j", async (more, field) => {
    const response = await callMedia(bakery.agent, request(more));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { field } });
  });

  test("takes one file, and nothing over it, not at another place either", async () => {
    const place = async () =>
      placeSchema.parse(await (await callMedia(bakery.agent, request())).json());
    const [mine, other] = [await place(), await place()];
    const bucket = bakery.agent.storage.from(mine.bucket);
    const put = async ({ storage_path, token }: typeof mine, words: string) =>
      await bucket.uploadToSignedUrl(storage_path, token, new Blob([words]), {
        contentType: "image/jpeg",
      });
    expect((await put(mine, "first")).error).toBeNull();
    expect((await put(mine, "second")).error).not.toBeNull();
    const forged = { ...mine, storage_path: other.storage_path };
    expect((await put(forged, "third")).error).not.toBeNull();
    const { data } = await serviceClient().storage.from(mine.bucket).download(mine.storage_path);
    expect(await data?.text()).toBe("first");
  });
});

test("Meta's limits in the database are those of the package", async () => {
  const { mediaLimits } = await import("@wabase/cloud-api/outbound");
  const rows = await sql<{ kind: string; max_bytes: number; mime_types: string[] }[]>`
    select kind, max_bytes::int, mime_types from wabase.media_limits`;
  const known = Object.fromEntries(
    rows.map(({ kind, max_bytes, mime_types }) => [kind, { max_bytes, mime_types }]),
  );
  expect(known).toEqual(mediaLimits);
});
