import { parseArgs } from "node:util";
import { createEmulator } from "./create-emulator.ts";

const USAGE = `node packages/emulator/src/start-command.ts [--port 4010] [--hostname 127.0.0.1]
  [--webhook-url URL] [--number JSON]… [--settings JSON] [--verbose]

Reads WHATSAPP_APP_SECRET, WHATSAPP_ACCESS_TOKEN and WHATSAPP_VERIFY_TOKEN, as the functions do.
--number and --settings take what POST /emulator/numbers and PUT /emulator/settings take.`;

/** The number that is there where none is given. */
const NUMBER = {
  phone_number_id: "106540352242922",
  display_phone_number: "+1 555-078-3881",
  waba_id: "102290129340398",
  verified_name: "Lucky Shrub",
};

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4010" },
    hostname: { type: "string", default: "127.0.0.1" },
    "webhook-url": { type: "string" },
    number: { type: "string", multiple: true, default: [] },
    settings: { type: "string", default: "{}" },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(USAGE);
else await start();

async function start(): Promise<void> {
  const emulator = createEmulator({
    app_secret: secret("WHATSAPP_APP_SECRET"),
    access_token: secret("WHATSAPP_ACCESS_TOKEN"),
    verify_token: secret("WHATSAPP_VERIFY_TOKEN"),
    numbers: values.number.length > 0 ? values.number.map((json) => JSON.parse(json)) : [NUMBER],
    webhook_url: values["webhook-url"],
    ...(values.verbose && { log: (line: string) => console.error(line) }),
  });
  emulator.updateSettings(JSON.parse(values.settings));
  const { url } = await emulator.listen({ port: Number(values.port), hostname: values.hostname });
  console.log(url);
  const stop = () => void emulator.close();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function secret(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`set ${name} to any text; the functions need the same`);
}
