import { randomBytes } from "node:crypto";
import { type BusinessNumber, createEmulator, type Emulator } from "@wabase/emulator";
import { isPortFree } from "../free-port.ts";
import { DEFAULT_PORT, type Stack, type StackOptions, startStack } from "../stack.ts";
import { DEMO_CUSTOMERS, DEMO_NUMBER } from "./people.ts";
import { seedDemo } from "./seed.ts";

/** How far above the API's port the emulator listens, where that port is free. */
const EMULATOR_PORT_OFFSET = 9;

export interface Workbench {
  stack: Stack;
  emulator: Emulator;
  emulator_url: string;
  /** What the emulator signs webhooks with, and the functions check. */
  app_secret: string;
  verify_token: string;
  /** The only one that the emulator takes. */
  access_token: string;
  stop(): Promise<void>;
}

export type WorkbenchOptions = Omit<StackOptions, "secrets"> & {
  /** Numbers that the emulator serves besides the demo's. */
  numbers?: readonly BusinessNumber[];
};

/** The whole of Wabase on one machine: the local Supabase, Meta's side, and the demo tenant. */
export async function startWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const [app_secret, access_token, verify_token] = [newSecret(), newSecret(), newSecret()];
  const emulator = createEmulator({
    app_secret,
    access_token,
    verify_token,
    numbers: [DEMO_NUMBER, ...(options.numbers ?? [])],
    log: (line) => options.log?.(`[emulator] ${line}`),
  });
  const { url: emulator_url } = await emulator.listen({ port: await emulatorPort(options.port) });
  let stack: Stack | null = null;
  const stop = async (): Promise<void> => {
    await emulator.close();
    await stack?.stop();
  };
  try {
    stack = await startStack({
      ...options,
      secrets: {
        WHATSAPP_APP_SECRET: app_secret,
        WHATSAPP_VERIFY_TOKEN: verify_token,
        WHATSAPP_ACCESS_TOKEN: access_token,
        WHATSAPP_GRAPH_URL: emulator_url,
      },
    });
    await seedDemo(stack);
    emulator.updateSettings({ webhook_url: `${stack.url}/functions/v1/whatsapp-webhook` });
    for (const customer of DEMO_CUSTOMERS) emulator.addCustomer(customer);
    return { stack, emulator, emulator_url, app_secret, verify_token, access_token, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function newSecret(): string {
  return randomBytes(24).toString("hex");
}

async function emulatorPort(apiPort = DEFAULT_PORT): Promise<number> {
  if (apiPort === 0) return 0;
  const wanted = apiPort + EMULATOR_PORT_OFFSET;
  return (await isPortFree(wanted)) ? wanted : 0;
}
