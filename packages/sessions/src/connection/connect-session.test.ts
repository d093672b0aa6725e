import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from "vitest";
import {
  createMemoryAuthState,
  type Customer,
  joinWhatsApp,
  type MemoryAuthState,
  type Person,
  STAND_IN_SETTINGS,
  textOf,
  trust,
  WhatsAppWebServer,
} from "../../../../tests/support/whatsapp-web/index.ts";
import type { SessionReport } from "./connection-events.ts";
import {
  connectSession,
  type ConnectOptions,
  type SessionConnection,
  type SessionListener,
} from "./connect-session.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Looks for as long as a slow machine may take. */
function eventually<Value>(look: () => Value) {
  return expect.poll(look, { timeout: 20_000 });
}

const server = await new WhatsAppWebServer().listen();
let mara: Customer;
let shop: Person;
let people = 0;

beforeAll(async () => {
  trust(server.root_key);
  mara = await joinWhatsApp(server, { phone: "4915100000001", lid: "101", name: "Mara" });
});
beforeEach(() => {
  people += 1;
  const number = String(people).padStart(3, "0");
  shop = { phone: `49152000000${number}`, lid: `20${number}`, name: "Shop" };
});
afterAll(async () => {
  await mara.close();
  await server.close();
});

interface Run {
  connection: SessionConnection;
  auth: MemoryAuthState;
  reports: SessionReport[];
  states(): string[];
  qrs: string[];
  /** Texts, in the order in which they were given to be stored. */
  heard: string[];
  log: string[];
}

function listenerWith(parts: Partial<SessionListener>): SessionListener {
  return {
    begin: async () => {},
    attach: () => {},
    message: async () => {},
    events: () => {},
    report: () => {},
    ignore: () => {},
    drain: async () => {},
    end: () => {},
    ...parts,
  };
}

const TIMES = { base_ms: 20, max_ms: 100, replaced_ms: 20 };

async function connect(
  options: Partial<ConnectOptions> = {},
  auth = createMemoryAuthState(),
): Promise<Run> {
  const log: string[] = [];
  const heard: string[] = [];
  const reports: SessionReport[] = [];
  const qrs: string[] = [];
  const listener = listenerWith({
    message: async (message) => void heard.push(textOf(message) ?? ""),
    report: (report) => void reports.push(report),
  });
  const connection = await connectSession({
    openAuthState: async () => auth,
    listen: () => listener,
    settings: { waWebSocketUrl: server.url, ...STAND_IN_SETTINGS },
    times: TIMES,
    log: (level, line) => void log.push(`${level} ${line}`),
    ...options,
  });
  connection.events.on("qr", (qr) => {
    qrs.push(qr);
    server.scan(qr, shop);
  });
  onTestFinished(async () => await connection.close());
  const states = (): string[] => reports.map(({ state }) => state);
  return { connection, auth, reports, states, qrs, heard, log };
}

async function connected(options: Partial<ConnectOptions> = {}): Promise<Run> {
  const run = await connect(options);
  await run.connection.whenOpen();
  return run;
}

const opened = ({ reports }: Run): number => reports.filter(({ state }) => state === "open").length;

describe("a new session", () => {
  test("is paired by one QR code, comes back after 515 with what it has learnt, and is open", async () => {
    const run = await connected();
    expect(run.states()).toEqual(["connecting", "pairing", "connecting", "open"]);
    expect(run.qrs).toHaveLength(1);
    expect(run.auth.calls.flush).toBeGreaterThanOrEqual(1);
    expect(run.connection.phone).toBe(shop.phone);
    expect(run.reports.at(-1)).toMatchObject({ phone: shop.phone, pairing: null, error: null });
  });

  test("is paired by a code that is typed into the phone, without any QR code", async () => {
    const run = await connect({ pair_by_phone: shop.phone });
    run.connection.events.on("pairing_code", (code) => void server.enterCode(code, shop));
    await run.connection.whenOpen();
    expect(run.qrs).toEqual([]);
    expect(run.reports.find(({ state }) => state === "pairing")?.pairing).toMatchObject({
      kind: "code",
      value: expect.stringMatching(/^[1-9A-Z]{8}$/),
    });
  });

  test("whose pairing by code breaks off begins again, and is not taken for one that was logged out", async () => {
    const run = await connect({ pair_by_phone: shop.phone });
    let codes = 0;
    run.connection.events.on("pairing_code", (code) => {
      codes += 1;
      if (codes === 1) void server.dropPairing(shop.phone);
      else void server.enterCode(code, shop);
    });
    await run.connection.whenOpen();
    expect(codes).toBe(2);
    expect(run.auth.calls.delete).toBe(0);
  });

  test("whose codes nobody scans stops, and keeps nothing running", async () => {
    const run = await connect({
      settings: { waWebSocketUrl: server.url, ...STAND_IN_SETTINGS, qrTimeout: 20 },
    });
    run.connection.events.removeAllListeners("qr");
    expect(await run.connection.whenEnded()).toEqual({ state: "stopped", error: null });
    expect(run.reports.at(-1)?.error).toEqual({ code: "408", message: expect.any(String) });
    expect(run.reports.at(-1)?.pairing).toBeNull();
    await expect(run.connection.whenOpen()).rejects.toThrow("is stopped");
  });
});

describe("an open session", () => {
  test("talks both ways, and has flushed when a send counts as done", async () => {
    const run = await connected();
    const jid = `${shop.phone}@s.whatsapp.net`;
    await mara.send(jid, "Are you open?");
    await eventually(() => run.heard).toEqual(["Are you open?"]);
    const flushes = run.auth.calls.flush;
    const sent = await run.connection.send(mara.jid, { text: "Until six." });
    expect(sent).toMatchObject({ status: "accepted", id: expect.stringMatching(/^3EB0/) });
    expect(run.auth.calls.flush).toBe(flushes + 1);
    await eventually(() => mara.texts).toContain("Until six.");
    expect(mara.undecryptable).toEqual([]);
  });

  test("says that a message failed when WhatsApp refuses it, with WhatsApp's code", async () => {
    const run = await connected();
    server.acknowledgement = { error: "463" };
    onTestFinished(() => void (server.acknowledgement = "normal"));
    const sent = await run.connection.send(mara.jid, { text: "refused" });
    expect(sent).toMatchObject({ status: "failed", error: { code: "463" } });
  });

  test("says that nobody knows when WhatsApp does not confirm a message", async () => {
    const run = await connected({ ack_timeout_ms: 200 });
    server.acknowledgement = "none";
    onTestFinished(() => void (server.acknowledgement = "normal"));
    const sent = await run.connection.send(mara.jid, { text: "unconfirmed" });
    expect(sent).toMatchObject({ status: "unknown", error: { code: "not_confirmed" } });
  });

  test("says at once that a message failed while it is not connected", async () => {
    const run = await connected();
    await run.connection.close();
    const sent = await run.connection.send(mara.jid, { text: "too late" });
    expect(sent).toMatchObject({ status: "failed", error: { code: "not_connected" } });
  });

  test("tells WhatsApp that a message has arrived only after it is stored", async () => {
    const run = await connected({ listen: holdingListener });
    const jid = `${shop.phone}@s.whatsapp.net`;
    const queue = () => server.device(shop.phone)?.queue.size;
    await mara.send(jid, "hold me");
    await eventually(() => held.length).toBe(1);
    expect(queue()).toBe(1);
    held.shift()?.();
    await eventually(queue).toBe(0);
    await run.connection.close();
  });
});

/** Each message waits until the test lets it go. */
const held: (() => void)[] = [];
function holdingListener(): SessionListener {
  return listenerWith({
    message: async () => await new Promise<void>((resolve) => void held.push(resolve)),
  });
}

describe("a connection that ends", () => {
  test.each([
    ["unavailable", ["503"]],
    ["gone", ["428"]],
    ["restart", []],
  ] as const)(
    "by «%s» is opened again, and what was written meanwhile arrives once",
    async (how, codes) => {
      const run = await connected();
      await mara.send(`${shop.phone}@s.whatsapp.net`, "before");
      await eventually(() => run.heard).toEqual(["before"]);
      server.closeDevice(shop.phone, how);
      await mara.send(`${shop.phone}@s.whatsapp.net`, "meanwhile");
      await eventually(() => opened(run)).toBe(2);
      await eventually(() => run.heard).toEqual(["before", "meanwhile"]);
      expect(run.reports.flatMap(({ error }) => error?.code ?? [])).toEqual(codes);
      expect(run.auth.calls.delete).toBe(0);
    },
  );

  test("by an HTTP 401 of something in between is opened again: nothing is deleted", async () => {
    const run = await connected();
    server.refuse_with = 401;
    onTestFinished(() => void (server.refuse_with = null));
    server.closeDevice(shop.phone, "gone");
    await eventually(
      () => run.reports.filter(({ error }) => error?.code === "401").length,
    ).toBeGreaterThanOrEqual(2);
    server.refuse_with = null;
    await eventually(() => opened(run)).toBe(2);
    expect(run.auth.calls.delete).toBe(0);
    expect(run.log.join("\n")).not.toContain("logged out");
  });

  test("by «logged out» deletes the session, and is the end", async () => {
    const run = await connected();
    server.closeDevice(shop.phone, "logged_out");
    expect(await run.connection.whenEnded()).toEqual({ state: "logged_out", error: null });
    expect(run.auth.calls).toMatchObject({ delete: 1, close: 0 });
    expect(run.reports.at(-1)).toMatchObject({ state: "logged_out", error: { code: "401" } });
  });
});

describe("when another program connects with the same keys (440)", () => {
  test("it asks whether the session is still ours, comes back, and gives up when the other insists", async () => {
    const run = await connected();
    const saved = run.auth.calls.saveCreds;
    for (const times of [2, 3]) {
      server.closeDevice(shop.phone, "replaced");
      await eventually(() => opened(run)).toBe(times);
    }
    expect(run.auth.calls.saveCreds).toBeGreaterThan(saved);
    server.closeDevice(shop.phone, "replaced");
    expect(await run.connection.whenEnded()).toEqual({ state: "replaced", error: null });
    expect(run.auth.calls).toMatchObject({ delete: 0, close: 1 });
    expect(run.reports.at(-1)?.error?.message).toContain("another program");
  });

  test("it ends and says who has the session where the lease is another's", async () => {
    const run = await connected();
    const { logins } = server.stats;
    run.auth.lose();
    server.closeDevice(shop.phone, "replaced");
    const { state, error } = await run.connection.whenEnded();
    expect({ state, code: error?.code, owner: error?.owner }).toEqual({
      state: "stopped",
      code: "lease_lost",
      owner: "server-2",
    });
    expect(run.log.join("\n")).toContain("server-2 writes it now");
    expect(server.stats.logins).toBe(logins);
  });
});

describe("a session that is lost to another process", () => {
  test("ends its socket at once, loudly, and writes no state over the other's", async () => {
    const run = await connected();
    const before = run.reports.length;
    run.auth.lose();
    expect((await run.connection.whenEnded()).error?.code).toBe("lease_lost");
    expect(run.reports).toHaveLength(before);
    await eventually(() => server.isConnected(shop.phone)).toBe(false);
  });
});

describe("closing", () => {
  test("ends the socket and keeps the keys: the same session opens again without a QR code", async () => {
    const run = await connected();
    await run.connection.close();
    expect(run.auth.calls).toMatchObject({ close: 1, delete: 0 });
    expect(run.states().at(-1)).toBe("stopped");
    const auth = createMemoryAuthState();
    Object.assign(auth.state, run.auth.state);
    const again = await connect({}, auth);
    await again.connection.whenOpen();
    expect(again.qrs).toEqual([]);
  });

  test("by disconnect unlinks the device on the phone and deletes the session", async () => {
    const run = await connected();
    await run.connection.disconnect();
    expect(run.auth.calls.delete).toBe(1);
    expect(run.states().at(-1)).toBe("logged_out");
    await eventually(() => server.device(shop.phone) === undefined).toBe(true);
  });

  test("twice, or while it connects, is done once and leaves nothing open", async () => {
    const run = await connect();
    await Promise.all([run.connection.close(), run.connection.close()]);
    await run.connection.close();
    expect(run.auth.calls.close).toBe(1);
    expect(server.isConnected(shop.phone)).toBe(false);
  });
});
