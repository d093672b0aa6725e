import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { people } from "@wabase/local";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type FunctionProcess, startFunctionProcess } from "./support/function-process.ts";
import { mediaOf, type MediaRow, newFile, type TestFile } from "./support/media.ts";
import { type OwnWorkbench, startOwnWorkbench } from "./support/own-workbench.ts";
import { envelope, newWamid, waitFor } from "./support/workbench.ts";

// Workers that are killed, that meet, and that somebody lures elsewhere. pg_cron starts none here.

const [{ phone }] = people.DEMO_CUSTOMERS;
const { phone_number_id } = people.DEMO_NUMBER;
let own: OwnWorkbench;
let workers: FunctionProcess[];
beforeAll(async () => {
  own = await startOwnWorkbench("media-faults");
  await own.sql`update cron.job set active = false where jobname = 'wabase-media'`;
  workers = await Promise.all([1, 2].map(() => startFunctionProcess(own, "whatsapp-media")));
}, 240_000);
afterAll(async () => {
  await Promise.all(workers.map((each) => each.stop()));
  await own.stop();
});

const WORK = { action: "work", wait: true };
const signedSchema = z.object({ files: z.array(z.object({ url: z.string() })) });

async function work(...with_workers: FunctionProcess[]): Promise<void> {
  const answers = await Promise.all(with_workers.map((each) => each.call(WORK)));
  expect(answers.map((answer) => answer?.status)).toEqual(with_workers.map(() => 200));
}

function worker(index: number): FunctionProcess {
  const found = workers[index];
  if (found === undefined) throw new Error(`no worker ${index}`);
  return found;
}

/** The demo's customer sends files; their rows, once they are here. */
async function receive(files: TestFile[]): Promise<{ wamid: string; media: MediaRow }[]> {
  const wamids = files.map(
    ({ kind, mime_type, bytes }) =>
      own.bench.emulator.sendFromCustomer(phone, {
        type: kind,
        [kind]: { mime_type, data: Buffer.from(bytes).toString("base64") },
      }).id,
  );
  return await Promise.all(
    wamids.map(async (wamid) => ({ wamid, media: await mediaOf(own.sql, wamid) })),
  );
}

const downloads = (media_id: string | null) =>
  own.bench.emulator.media().find(({ id }) => id === media_id)?.downloads;

async function makeAllDue(): Promise<void> {
  await own.sql`update wabase.media_jobs set due_at = now(), lease_expires_at = now()`;
}

describe("two workers at once", () => {
  test("fetch each file once", async () => {
    const files = await receive(Array.from({ length: 24 }, () => newFile()));
    await work(worker(0), worker(1));
    for (const { wamid, media } of files) {
      expect(await mediaOf(own.sql, wamid)).toMatchObject({ state: "stored", attempts: 1 });
      expect(downloads(media.media_id)).toBe(1);
    }
  });

  test("store one file that comes in twelve messages once, and show it in all", async () => {
    const file = newFile();
    const files = await receive(Array.from({ length: 12 }, () => file));
    await work(worker(0), worker(1));
    const stored = await Promise.all(files.map(({ wamid }) => mediaOf(own.sql, wamid)));
    expect(new Set(stored.map(({ state }) => state))).toEqual(new Set(["stored"]));
    const [path, ...others] = new Set(stored.map(({ storage_path }) => storage_path));
    expect(others).toEqual([]);
    const objects = await own.sql`
      select (metadata ->> 'size')::int as size from storage.objects where name = ${path ?? ""}`;
    expect(objects).toEqual([{ size: file.bytes.length }]);
  });
});

test("a large document streams through, whole", async () => {
  const file = newFile("document", { mime_type: "application/pdf", size: 24 * 1024 * 1024 });
  const [received] = await receive([file]);
  await work(worker(0));
  const media = await mediaOf(own.sql, received?.wamid ?? "");
  expect(media).toMatchObject({ state: "stored", size: file.bytes.length });
  const response = await worker(0).call({ action: "sign", message_ids: [media.message_id] });
  const { files } = signedSchema.parse(await response?.json());
  const stored = await fetch(files[0]?.url ?? "");
  const hash = createHash("sha256").update(new Uint8Array(await stored.arrayBuffer()));
  expect(hash.digest("hex")).toBe(file.sha256);
}, 120_000);

test("a worker that is killed in the middle leaves nothing behind, and another takes over", async () => {
  own.bench.emulator.addFaults([
    { endpoint: "media_download", how: "pass", answer_delay_ms: 5_000 },
  ]);
  const [received] = await receive([newFile()]);
  const { wamid = "", media } = received ?? {};
  const victim = await startFunctionProcess(own, "whatsapp-media");
  const running = victim.call(WORK);
  await waitFor("the lease", async () => {
    const [job] = await own.sql`
      select from wabase.media_jobs where message_id = ${media?.message_id ?? ""} and lease_id is not null`;
    return job !== undefined;
  });
  victim.kill();
  expect(await running).toBeNull();
  await victim.stop();
  // The lease is the dead one's still.
  await work(worker(0));
  expect((await mediaOf(own.sql, wamid)).state).toBe("pending");
  expect(
    await own.sql`select from storage.objects where name like ${`%${media?.sha256 ?? "-"}`}`,
  ).toEqual([]);
  await makeAllDue();
  await work(worker(0));
  expect(await mediaOf(own.sql, wamid)).toMatchObject({ state: "stored", attempts: 2 });
}, 120_000);

test("what a worker reports after its lease has ended: a success counts, a failure does not", async () => {
  const files = await receive([newFile(), newFile()]);
  const lease = async () => {
    const [row] = await own.sql<{ jobs: { id: string; lease_id: string }[] }[]>`
      select public.whatsapp_lease_media(2, ${randomUUID()}) as jobs`;
    return row?.jobs ?? [];
  };
  const record = (outcomes: object[]) => own.sql`
    select public.whatsapp_record_media(${own.sql.json(JSON.parse(JSON.stringify(outcomes)))}) as recorded`;
  const late = await lease();
  await makeAllDue();
  const current = await lease();
  expect(current.map(({ id }) => id)).toEqual(late.map(({ id }) => id));
  const error = { code: "broken_off", title: "…", message: "…", details: null };
  const [failed, succeeded] = late;
  const [answer] = await record([
    { ...failed, action: "never", error },
    { ...succeeded, action: "stored", storage_path: "a/b", mime_type: "image/png", size: 1 },
  ]);
  expect(answer).toEqual({ recorded: 1 });
  const states = await Promise.all(files.map(({ wamid }) => mediaOf(own.sql, wamid)));
  expect(states.map(({ state }) => state).toSorted()).toEqual(["pending", "stored"]);
  await makeAllDue();
  await work(worker(0));
});

describe("an answer of Graph's that points elsewhere", () => {
  const servers: Server[] = [];
  let inner_url: string;
  let inner_hits = 0;
  /** What Graph answers of the file, and what its address then gives. */
  let answer: { describe: (origin: string) => object; download: RequestListener };
  let lured: FunctionProcess;

  async function listen(handle: RequestListener): Promise<string> {
    const server = createServer(handle).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  beforeAll(async () => {
    inner_url = await listen((_request, response) => {
      inner_hits += 1;
      response.setHeader("content-type", "image/jpeg").end("secret");
    });
    let origin = "";
    origin = await listen((request, response) => {
      if (request.url?.startsWith("/file")) return answer.download(request, response);
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify(answer.describe(origin)));
    });
    lured = await startFunctionProcess(own, "whatsapp-media", { WHATSAPP_GRAPH_URL: origin });
  });
  afterAll(async () => {
    await lured.stop();
    for (const server of servers) server.close();
  });

  const file = newFile();
  const described = {
    mime_type: "image/jpeg",
    sha256: file.sha256,
    file_size: file.bytes.length,
    id: "1",
  };
  const send: RequestListener = (_request, response) =>
    void response.setHeader("content-type", "image/jpeg").end(file.bytes);
  const atFile = (origin: string) => ({ ...described, url: `${origin}/file` });

  async function lure(to: typeof answer): Promise<MediaRow> {
    answer = to;
    const wamid = newWamid();
    const image = {
      id: String(Math.floor(Math.random() * 1e15)),
      mime_type: "image/jpeg",
      sha256: Buffer.from(file.sha256, "hex").toString("base64"),
    };
    await own.post(imageWebhook(wamid, image));
    await lured.call(WORK);
    return await mediaOf(own.sql, wamid);
  }

  test.each([
    ["another host of ours", () => ({ ...described, url: `${inner_url}/` }), "media_refused"],
    [
      "the cloud's metadata",
      () => ({ ...described, url: "http://169.254.169.254/" }),
      "media_refused",
    ],
    [
      "a name that only looks like Meta's",
      () => ({ ...described, url: "https://lookaside.fbsbx.com.example.org/" }),
      "media_refused",
    ],
    [
      "a file of 200 MB",
      (origin: string) => ({ ...atFile(origin), file_size: 209_715_200 }),
      "too_large",
    ],
    [
      "a page as an image",
      (origin: string) => ({ ...atFile(origin), mime_type: "text/html" }),
      "wrong_type",
    ],
  ])("to %s is not followed", async (_what, describe_file, code) => {
    const media = await lure({ describe: describe_file, download: send });
    expect(media).toMatchObject({ state: "failed", error: { code } });
    expect(inner_hits).toBe(0);
  });

  test("by a redirect is not followed, and the token not shown", async () => {
    const media = await lure({
      describe: atFile,
      download: (_request, response) => void response.writeHead(302, { location: inner_url }).end(),
    });
    expect(media).toMatchObject({ state: "failed", error: { code: "media_refused" } });
    expect(inner_hits).toBe(0);
  });

  test("to a page is taken for a fault, and asked for again", async () => {
    const media = await lure({
      describe: atFile,
      download: (_request, response) =>
        void response.setHeader("content-type", "text/html").end("<html>"),
    });
    expect(media).toMatchObject({
      state: "pending",
      error: { code: "media_refused" },
      attempts: 1,
    });
  });

  test("and the very file itself is taken", async () => {
    expect(await lure({ describe: atFile, download: send })).toMatchObject({ state: "stored" });
  });
});

function imageWebhook(id: string, image: object): string {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const message = { from: "491701112223", id, timestamp, type: "image", image };
  const value = {
    messaging_product: "whatsapp",
    metadata: { display_phone_number: "1", phone_number_id },
    contacts: [{ profile: { name: "Ada" }, wa_id: "491701112223" }],
    messages: [message],
  };
  return envelope([{ field: "messages", value }]);
}
