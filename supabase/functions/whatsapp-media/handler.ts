import { formatIssues } from "@wabase/cloud-api/outbound";
import { DatabaseError } from "@wabase/database";
import { answerPosts, respondNotSignedIn } from "../_shared/answer-posts.ts";
import { type Client, createCallerClient, createServiceClient } from "../_shared/clients.ts";
import type { Environment } from "../_shared/environment.ts";
import { createGraphs, type GraphOf } from "../_shared/graph.ts";
import type { KeepAlive } from "../_shared/keep-alive.ts";
import { createMediaJobs } from "../_shared/media/media-jobs.ts";
import { uploadFile } from "../_shared/media/upload-file.ts";
import { respond, respondError } from "../_shared/respond.ts";
import { fetchFile, type Hash } from "./fetch-file.ts";
import { parseMediaRequest } from "./request.ts";
import { removeFiles } from "./remove-files.ts";
import { signFiles } from "./sign.ts";
import { prepareUpload } from "./upload.ts";
import { FUNCTION_LIMITS, work, type WorkReport } from "./work.ts";

export interface Runtime {
  keepAlive: KeepAlive;
  /** A SHA-256 that is fed piece by piece. */
  createHash: () => Hash;
}

/**
 * The files of messages. For members: `sign` gives addresses of files, `upload` a place for one that is to be sent.
 * For pg_cron, with the secret key: `work` fetches and uploads what is due.
 */
export function createMediaHandler(
  environment: Environment,
  runtime: Runtime,
): (request: Request) => Promise<Response> {
  const graphOf = createGraphs(environment);
  return answerPosts("media", async (request, body) => {
    const caller = createCallerClient(environment, request);
    if (caller === null) return respondNotSignedIn();
    const parsed = parseMediaRequest(body);
    switch (parsed.action) {
      case "invalid": {
        const [first] = parsed.issues;
        const message = formatIssues(parsed.issues.slice(0, 1));
        const field = first?.field || "body";
        return respondError(400, { code: "invalid", field, message, issues: parsed.issues });
      }
      case "sign":
        return await signFiles(
          { caller, service: createServiceClient(environment) },
          parsed.message_ids,
        );
      case "upload":
        return await prepareUpload(
          { caller, service: createServiceClient(environment) },
          parsed.upload,
        );
      case "work":
        return await startWork({ caller, graphOf, runtime }, parsed.wait);
      default:
        return parsed satisfies never;
    }
  });
}

interface WorkOptions {
  /** Only the secret key may lease: the database says so, at the first call. */
  caller: Client;
  graphOf: GraphOf;
  runtime: Runtime;
}

async function startWork(
  { caller, graphOf, runtime }: WorkOptions,
  wait: boolean,
): Promise<Response> {
  const tools = { service: caller, graphOf, createHash: runtime.createHash };
  const run = async (): Promise<WorkReport> => {
    await removeFiles(caller);
    return await work(
      {
        jobs: createMediaJobs(caller),
        perform: (job) => (job.kind === "fetch" ? fetchFile(job, tools) : uploadFile(job, tools)),
      },
      FUNCTION_LIMITS,
    );
  };
  if (wait) return respond(200, { outcomes: await run() });
  runtime.keepAlive(untilDone(run()));
  return respond(202, { started: true });
}

async function untilDone(run: Promise<WorkReport>): Promise<void> {
  try {
    await run;
  } catch (error) {
    // The code alone: what a database says may quote what it refused.
    const code = error instanceof DatabaseError ? `database error ${error.code}` : "no database's";
    console.error(`media: work failed: ${code}`);
  }
}
