// Run by quiet.integration.test.ts in a process of its own, to see all that it prints: an API on the
// shared database, and requests to it. Its arguments are JSON: the API's options, then the requests.
import * as z from "zod";
import { createApi } from "./api.ts";

const argumentsSchema = z.object({
  database_url: z.string(),
  storage_dir: z.string(),
  keys: z.object({
    publishable_key: z.string(),
    secret_key: z.string(),
    jwt_secret: z.string(),
  }),
  requests: z.array(
    z.object({ path: z.string(), method: z.string(), apikey: z.string(), body: z.string() }),
  ),
});

const { requests, ...options } = argumentsSchema.parse(JSON.parse(process.argv[2] ?? ""));
const api = await createApi({
  ...options,
  url: "http://127.0.0.1:1",
  max_rows: 1000,
  search_path: '"public", "extensions"',
  log: (line) => console.log(line),
});
for (const { path, method, apikey, body } of requests) {
  const headers = { apikey, "content-type": "application/json" };
  const url = `http://127.0.0.1:1${path}`;
  const response = await api.fetch(new Request(url, { method, headers, body }));
  console.log(`${path} ${response.status}`);
}
await api.close();
console.log("the console prints as ever");
