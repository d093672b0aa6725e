// Run by tests in a process of its own, which they kill, or start with another umask: starts a cluster or
// a whole stack, prints a line of JSON about it, and stays until it is told to stop.
import * as z from "zod";
import { startCluster } from "./postgres/cluster.ts";
import { resolveHome } from "./postgres/home.ts";
import { startStack } from "./stack.ts";

const argumentsSchema = z.object({
  umask: z.number().optional(),
  cluster: z
    .object({ workdir: z.string(), data_dir: z.string().optional(), port: z.number() })
    .optional(),
  stack: z.object({ workdir: z.string(), state_dir: z.string() }).optional(),
});

const { umask, cluster, stack } = argumentsSchema.parse(JSON.parse(process.argv[2] ?? ""));
if (umask !== undefined) process.umask(umask);
if (cluster) {
  const { workdir, port } = cluster;
  const home = resolveHome(workdir);
  const { data_dir = `${home}/stack/data` } = cluster;
  const started = await startCluster({ home, data_dir, port, durable: false });
  stopOnSignal(() => started.stop());
  const url = started.url("postgres", "supabase_admin");
  console.log(JSON.stringify({ pid: started.pid, is_new: started.is_new, home, url }));
}
if (stack) {
  const started = await startStack({ ...stack, port: 0, durable: false });
  stopOnSignal(() => started.stop());
  console.log(JSON.stringify({ pids: started.pids, url: started.superuser_url }));
}

function stopOnSignal(stop: () => Promise<void>): void {
  process.once("SIGTERM", () => {
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
