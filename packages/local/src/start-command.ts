import { main } from "./start.ts";

try {
  // Set, not exit(): what was printed is still on its way out.
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`\nCould not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
