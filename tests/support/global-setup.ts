import { rmSync } from "node:fs";
import { startWorkbench } from "@wabase/local";
import type { TestProject } from "vitest/node";
import { makeStateFolder, ROOT, TEST_NUMBERS } from "./workbench.ts";

declare module "vitest" {
  interface ProvidedContext {
    workbench: SharedWorkbench;
  }
}

/** Where the one stack is that all integration tests share; those that break things start their own. */
export interface SharedWorkbench {
  url: string;
  database_url: string;
  superuser_url: string;
  emulator_url: string;
  app_secret: string;
  verify_token: string;
  access_token: string;
  keys: { publishable_key: string; secret_key: string; jwt_secret: string };
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const state_dir = makeStateFolder("shared");
  const bench = await startWorkbench({
    workdir: ROOT,
    state_dir,
    port: 0,
    durable: false,
    numbers: TEST_NUMBERS,
  });
  // Everybody has WhatsApp, and has written: tests write to phones that only this database knows.
  bench.emulator.updateSettings({ unknown_recipients: "add", closed_window: "take" });
  project.provide("workbench", {
    url: bench.stack.url,
    database_url: bench.stack.database_url,
    superuser_url: bench.stack.superuser_url,
    emulator_url: bench.emulator_url,
    app_secret: bench.app_secret,
    verify_token: bench.verify_token,
    access_token: bench.access_token,
    keys: bench.stack.keys,
  });
  return async () => {
    await bench.stop();
    rmSync(state_dir, { recursive: true, force: true });
  };
}
