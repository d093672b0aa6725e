import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import {
  sessionRow,
  startSessionStack,
} from "../../../../tests/support/whatsapp-web/session-stack.ts";
import { ROOT, waitFor } from "../../../../tests/support/workbench.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const stack = await startSessionStack();
const shop = stack.newShop();
const jid = `${shop.phone}@s.whatsapp.net`;
afterAll(async () => await stack.stop());

const KILLS = 6;
const PER_LIFE = 6;
const LEASE_MS = 2_000;

const noteSchema = z.object({
  qr: z.string().optional(),
  open: z.boolean().optional(),
  sent: z.string().optional(),
  status: z.string().optional(),
  undecryptable: z.string().optional(),
  ended: z.string().optional(),
});

/** What the processes told, all of them together. */
const told = { qrs: 0, accepted: new Set<string>(), undecryptable: [] as string[], ended: 0 };
let output = "";
const key = randomBytes(32).toString("base64");

/** Starts a process that holds the session; resolves when it is connected. */
async function startProcess(): Promise<ChildProcess> {
  const { url, keys } = inject("workbench");
  const settings = {
    tenant: stack.tenant.tenant_id,
    name: "killed",
    server_url: stack.server.url,
    root_key: stack.server.root_key,
    url,
    secret_key: keys.secret_key,
    key,
    lease_ms: LEASE_MS,
  };
  const child = fork(
    join(ROOT, "tests/support/whatsapp-web/session-process.ts"),
    [JSON.stringify(settings)],
    { stdio: ["ignore", "pipe", "pipe", "ipc"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  child.stderr?.on("data", (chunk) => (output += String(chunk)));
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`ended with ${code} before it was open: ${output}`)),
    );
    child.on("message", (message) => {
      const note = noteSchema.parse(message);
      if (note.qr !== undefined) {
        told.qrs += 1;
        stack.server.scan(note.qr, shop);
      }
      if (note.sent !== undefined && note.status === "accepted") told.accepted.add(note.sent);
      if (note.undecryptable !== undefined) told.undecryptable.push(note.undecryptable);
      if (note.ended !== undefined) told.ended += 1;
      if (note.open === true) resolve();
    });
  });
  return child;
}

async function storedTexts(): Promise<string[]> {
  const rows = await stack.sql<{ body: string }[]>`
    select body from public.whatsapp_messages
    where tenant_id = ${stack.tenant.tenant_id} and direction = 'inbound' order by body`;
  return rows.map(({ body }) => body);
}

test("a session whose process is killed over and over loses no message either way, and shows one QR code", async () => {
  const questions: string[] = [];
  const answers: string[] = [];
  const ask = async (): Promise<string> => {
    const text = `question ${String(questions.length).padStart(3, "0")}`;
    questions.push(text);
    await stack.mara.send(jid, text);
    return text;
  };
  const answer = (child: ChildProcess): string => {
    const text = `answer ${String(answers.length).padStart(3, "0")}`;
    answers.push(text);
    child.send({ send: text, to: stack.mara.jid });
    return text;
  };

  let child = await startProcess();
  for (let life = 0; life <= KILLS; life += 1) {
    for (let turn = 0; turn < PER_LIFE; turn += 1) {
      const text = await ask();
      // Sometimes the next follows at once.
      if (turn % 3 !== 2)
        await waitFor(text, async () => (await storedTexts()).includes(text), 60_000);
      const reply = answer(child);
      await waitFor(reply, async () => told.accepted.has(reply), 60_000);
    }
    if (life === KILLS) break;
    const on_the_way = ask();
    await sleep(Math.random() * 60);
    child.kill("SIGKILL");
    await once(child, "exit");
    await on_the_way;
    await ask();
    if (life === 0) {
      await waitFor("the frontend sees it", async () => {
        const { data } = await stack.tenant.agent
          .from("whatsapp_session_states")
          .select("state, error")
          .eq("name", "killed");
        const reported = (await sessionRow(stack, "killed"))?.state;
        return reported === "open" && data?.[0]?.state === "stopped";
      });
    }
    child = await startProcess();
  }

  await waitFor(
    "every question",
    async () => (await storedTexts()).length >= questions.length,
    60_000,
  );
  expect(await storedTexts()).toEqual(questions);
  await waitFor("every answer", async () => stack.mara.texts.length >= answers.length, 60_000);
  expect(stack.mara.texts.toSorted()).toEqual(answers);
  expect({ at_the_customer: stack.mara.undecryptable, here: told.undecryptable }).toEqual({
    at_the_customer: [],
    here: [],
  });
  expect(told).toMatchObject({ qrs: 1, ended: 0 });
  expect(stack.server.stats).toMatchObject({ conflicts: 0, retries: 0 });
  // Nothing of the session, nor of what it carried, was printed.
  expect(output).not.toMatch(/question|answer|private|chainKey|rootKey|BEGIN|wa\.me/i);
  expect(output).not.toContain(shop.phone);
});
