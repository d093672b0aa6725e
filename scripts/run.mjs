// What every npm script goes through, on whatever Node the host has (20.12 or later): installs what is
// missing, then runs the command on the project's own Node.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, "node_modules", ".bin", name);

const COMMANDS = {
  start: [["node", "packages/local/src/start-command.ts"]],
  test: [["node", "node_modules/vitest/vitest.mjs", "run"]],
  bench: [["node", "bench/run.ts"]],
  types: [["node", "scripts/types.ts"]],
  format: [["oxfmt", "."]],
  check: [
    ["tsc", "-p", "."],
    ["oxlint", "--type-aware", "--deny-warnings"],
    ["oxfmt", "--check", "."],
    ["knip"],
    ["node", "scripts/check-functions.ts"],
    ["node", "scripts/types.ts", "--check"],
  ],
};

const [name, ...args] = process.argv.slice(2);
const commands = COMMANDS[name];
if (commands === undefined) {
  console.error(`Unknown command ${name}. There are: ${Object.keys(COMMANDS).join(", ")}`);
  process.exit(2);
}
installWhatIsMissing();
for (const [index, [file, ...rest]] of commands.entries()) {
  const extra = index === commands.length - 1 ? args : [];
  if (commands.length > 1) console.log(`\n> ${[file, ...rest].join(" ")}`);
  const code = await run(bin(file), [...rest, ...extra]);
  if (code !== 0) process.exit(code);
}

/** npm notes in node_modules what it installed; where that is not what the lock file says, install. */
function installWhatIsMissing() {
  const installed = readLock("node_modules/.package-lock.json");
  const wanted = readLock("package-lock.json");
  const isComplete =
    installed !== null &&
    Object.entries(wanted).every(
      ([path, { version, optional, link }]) =>
        path === "" ||
        link ||
        !path.startsWith("node_modules/") ||
        installed[path]?.version === version ||
        (optional && installed[path] === undefined),
    ) &&
    existsSync(bin("node")) &&
    existsSync(bin("deno"));
  if (isComplete) return;
  console.error("Installing dependencies (npm install) …");
  // Not `ci`: the lock file need not name the binaries of every platform, and then `ci` refuses all of them.
  const flags = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = spawnSync("npm", flags, { cwd: root, stdio: ["ignore", 2, 2] });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return null;
  }
}

/** Passes on the end of the child, and hands it the signals that this process gets. */
function run(file, fileArgs) {
  return new Promise((resolve) => {
    const path = [join(root, "node_modules", ".bin"), process.env.PATH].join(":");
    const child = spawn(file, fileArgs, {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, PATH: path },
    });
    const forward = (signal) => child.kill(signal);
    // Ctrl-C at a terminal reaches the child by itself, and twice would be once too often.
    process.on("SIGINT", (signal) => (process.stdin.isTTY ? undefined : forward(signal)));
    process.on("SIGTERM", forward);
    process.on("SIGHUP", forward);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}
