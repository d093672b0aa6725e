import { main } from "./start.ts";

// Set, not exit(): what was printed is still on its way out.
process.exitCode = await main(process.argv.slice(2));
