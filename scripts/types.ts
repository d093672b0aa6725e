// npm run types            writes the types that the Supabase CLI generates from the migrations
// npm run types -- --check  fails where the file in the repository says something else
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { generateTypes, withThrowawayDatabase } from "@wabase/local";

const root = resolve(import.meta.dirname, "..");
const file = resolve(root, "packages/database/src/database.types.ts");

const generated = await withThrowawayDatabase(root, ({ database_url }) =>
  generateTypes(root, database_url),
);
if (!process.argv.includes("--check")) {
  writeFileSync(file, generated);
} else if (readFileSync(file, "utf8") !== generated) {
  console.error(`${file} is stale: the migrations say otherwise. Run: npm run types`);
  process.exitCode = 1;
}
