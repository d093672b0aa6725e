import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  type Customer,
  joinWhatsApp,
  trust,
  WhatsAppWebServer,
} from "../../../../tests/support/whatsapp-web/index.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const server = await new WhatsAppWebServer().listen();
let mara: Customer;
let pablo: Customer;

beforeAll(async () => {
  trust(server.root_key);
  mara = await joinWhatsApp(server, { phone: "4915100000001", lid: "101", name: "Mara" });
  pablo = await joinWhatsApp(server, { phone: "4915100000002", lid: "102", name: "Pablo" });
});
afterAll(async () => {
  await Promise.all([mara.close(), pablo.close()]);
  await server.close();
});

test("two sockets of Baileys pair by QR, upload their keys and talk both ways", async () => {
  expect(server.stats).toMatchObject({ pairings: 2, logins: 2 });
  expect(server.device(mara.person.phone)?.pre_keys.length).toBe(812);
  for (const round of [1, 2, 3]) {
    await mara.send(pablo.jid, `question ${round}`);
    await expect.poll(() => pablo.texts, { timeout: 20_000 }).toContain(`question ${round}`);
    await pablo.send(mara.jid, `answer ${round}`);
    await expect.poll(() => mara.texts, { timeout: 20_000 }).toContain(`answer ${round}`);
  }
  expect([...mara.undecryptable, ...pablo.undecryptable]).toEqual([]);
  await expect
    .poll(() => mara.updates.map(({ update }) => update.status), { timeout: 20_000 })
    .toContain(3);
  expect(server.failures).toEqual([]);
});
