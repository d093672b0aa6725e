// Meta's side in a thread of its own, so that it does not share the stack's.
import { parentPort, workerData } from "node:worker_threads";
import { createEmulator } from "@wabase/emulator";
import { z } from "zod";

const { access_token, numbers } = z
  .object({ access_token: z.string(), numbers: z.array(z.string()) })
  .parse(workerData);

const emulator = createEmulator({
  app_secret: "bench",
  access_token,
  verify_token: "bench",
  numbers: numbers.map((phone_number_id) => ({
    phone_number_id,
    display_phone_number: "+1 555 010 0000",
    waba_id: "1",
    verified_name: "Bench",
  })),
});
// Answers at once, and nothing else: no webhooks, and no memory of what was long ago.
emulator.updateSettings({ statuses: false, keep: 1000 });
const { url } = await emulator.listen();
parentPort?.postMessage(url);
