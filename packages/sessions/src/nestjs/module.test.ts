import "reflect-metadata";
import { randomBytes } from "node:crypto";
import { Inject, Injectable, Logger, Module, type ModuleMetadata, type Type } from "@nestjs/common";
import { ConfigModule } from "@nestjs/config";
import { NestFactory } from "@nestjs/core";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  joinWhatsApp,
  STAND_IN_SETTINGS,
  trust,
  WhatsAppWebServer,
} from "../../../../tests/support/whatsapp-web/index.ts";
import {
  SupabaseStorageService,
  WhatsAppSessionsModule,
  type WhatsAppSessionsOptions,
  WhatsAppSessionsService,
} from "../nestjs.ts";

vi.setConfig({ testTimeout: 60_000 });

const server = await new WhatsAppWebServer().listen();
trust(server.root_key);
afterAll(async () => await server.close());

const KEYS = `k1:${randomBytes(32).toString("base64")}`;
const settings = { waWebSocketUrl: server.url, ...STAND_IN_SETTINGS };

/** A service of the application's own, that is given ours. */
class ShopService {
  readonly sessions: WhatsAppSessionsService;
  readonly storage: SupabaseStorageService;

  constructor(sessions: WhatsAppSessionsService, storage: SupabaseStorageService) {
    this.sessions = sessions;
    this.storage = storage;
  }
}
Injectable()(ShopService);
Inject(WhatsAppSessionsService)(ShopService, undefined, 0);
Inject(SupabaseStorageService)(ShopService, undefined, 1);

/** What `@Module(metadata) class {}` makes. */
function createModule(metadata: ModuleMetadata): Type {
  const made = class {
    readonly is_a_module = true;
  };
  Module(metadata)(made);
  return made;
}

/** Does not import ours: ours is global. */
const ShopModule = createModule({ providers: [ShopService], exports: [ShopService] });

type Application = Awaited<ReturnType<typeof NestFactory.create>>;

async function start(
  environment: Record<string, string>,
  make: (options: WhatsAppSessionsOptions) => ReturnType<typeof WhatsAppSessionsModule.forRoot>,
): Promise<Application> {
  const config = ConfigModule.forRoot({
    ignoreEnvFile: true,
    ignoreEnvVars: true,
    load: [() => environment],
  });
  const AppModule = createModule({ imports: [config, make({ settings }), ShopModule] });
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.init();
  onTestFinished(async () => await app.close());
  return app;
}

const MEMORY = { SESSION_STORAGE_TYPE: "memory", SESSION_ENCRYPTION_KEYS: KEYS };

describe("in a Nest application", () => {
  test("the service is injected anywhere, a session pairs and talks, and closing the application frees it", async () => {
    const app = await start(MEMORY, (options) => WhatsAppSessionsModule.forRoot(options));
    const { sessions, storage } = app.get(ShopService, { strict: false });
    expect(storage).toBeInstanceOf(SupabaseStorageService);
    const shop = { phone: "49152000000001", lid: "20001", name: "Shop" };
    const mara = await joinWhatsApp(server, { phone: "4915100000001", lid: "101", name: "Mara" });
    onTestFinished(async () => await mara.close());
    const connection = await sessions.open("acme");
    connection.events.on("qr", (qr) => server.scan(qr, shop));
    await connection.whenOpen();
    expect(sessions.get("acme")).toBe(connection);
    expect(await sessions.open("acme", "main")).toBe(connection);
    expect((await connection.send(mara.jid, { text: "Hello from Nest" })).status).toBe("accepted");
    await expect.poll(() => mara.texts, { timeout: 20_000 }).toContain("Hello from Nest");
    await app.close();
    expect(connection.state).toBe("stopped");
    expect(connection.handle.signal.aborted).toBe(true);
    await expect.poll(() => server.isConnected(shop.phone), { timeout: 20_000 }).toBe(false);
    await expect(sessions.open("acme")).rejects.toMatchObject({ code: "closed" });
  });

  test("forRootAsync takes its options from a factory with its own dependencies", async () => {
    class Settings {
      readonly value = settings;
    }
    const SettingsModule = createModule({ providers: [Settings], exports: [Settings] });
    const app = await start(MEMORY, () =>
      WhatsAppSessionsModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (given: Settings) => ({ settings: given.value }),
      }),
    );
    const { sessions } = app.get(ShopService, { strict: false });
    const connection = await sessions.open("acme");
    const qr = await new Promise<string>((resolve) => void connection.events.once("qr", resolve));
    expect(qr).toContain("https://wa.me/settings/linked_devices#");
  });

  test("the storage is the one that SESSION_STORAGE_TYPE names, under the document's names", async () => {
    const app = await start(MEMORY, (options) => WhatsAppSessionsModule.forRoot(options));
    const { storage } = app.get(ShopService, { strict: false });
    await storage.uploadFile("acme", "creds.json", "{}");
    expect(await storage.downloadFile("acme", "creds.json")).toBe("{}");
    expect(await storage.downloadFile("acme", "none.json")).toBeNull();
    expect(await storage.listFiles("acme")).toEqual(["creds.json"]);
    expect(await storage.fileExists("acme", "creds.json")).toBe(true);
    expect(await storage.deleteAllFiles("acme")).toBe(1);
  });

  test.each([
    [{}, "SESSION_ENCRYPTION_KEYS"],
    [{ SESSION_ENCRYPTION_KEYS: KEYS }, "SUPABASE_URL"],
    [
      {
        SESSION_ENCRYPTION_KEYS: KEYS,
        SUPABASE_URL: "https://x.supabase.co",
        SUPABASE_SERVICE_KEY: "sb_publishable_x",
      },
      "SUPABASE_SERVICE_KEY",
    ],
  ])(
    "a setting that is missing or wrong stops the application and is named: %j",
    async (environment, name) => {
      const starting = start(environment, (options) => WhatsAppSessionsModule.forRoot(options));
      await expect(starting).rejects.toThrow(name);
    },
  );

  test("its lines go through Nest's logger", async () => {
    const lines: unknown[] = [];
    const warn = vi
      .spyOn(Logger.prototype, "warn")
      .mockImplementation((line) => void lines.push(line));
    onTestFinished(() => warn.mockRestore());
    const app = await start(MEMORY, (options) =>
      WhatsAppSessionsModule.forRoot({ ...options, times: { base_ms: 10 } }),
    );
    const { sessions } = app.get(ShopService, { strict: false });
    server.refuse_with = 503;
    onTestFinished(() => void (server.refuse_with = null));
    await sessions.open("acme");
    await expect
      .poll(() => lines.join("\n"), { timeout: 20_000 })
      .toContain("session main: the connection failed (503)");
  });
});
