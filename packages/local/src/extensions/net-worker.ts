import type { Sql } from "postgres";
import { pruneResponses, recordResponse, takeRequests } from "./net-queue.ts";
import { type NetRequest, sendRequest } from "./net-request.ts";

export interface NetWorkerOptions {
  /**
   * Connections of the superuser to the database that holds the extension, with `fetch_types` as
   * postgres.js has it: the headers come as an array.
   */
  sql: Sql;
  /** Gets ids and outcomes, never a URL, a header or a body. */
  log: (message: string) => void;
}

export interface NetWorker {
  /** Breaks off the requests under way and resolves when their rows are written. */
  stop(): Promise<void>;
}

/** Requests under way at once; pg_net's batch is 200. */
const MAX_IN_FLIGHT = 200;
/** For a queue that fills without a notification; pg_net's own worker would not look. */
const POLL_INTERVAL_MS = 5_000;

/**
 * Sends the requests of the pg_net stand-in, the work of pg_net's background worker: takes rows from
 * net.http_request_queue when one is committed, and writes what came back to net._http_response.
 * While the extension is not there it does nothing.
 */
export function startNetWorker({ sql, log }: NetWorkerOptions): NetWorker {
  const abort = new AbortController();
  const inFlight = new Set<Promise<void>>();
  let is_draining = false;
  let is_woken = false;
  let draining: Promise<void> = Promise.resolve();
  let pruning: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const report = (error: unknown): void =>
    log(`pg_net: ${error instanceof Error ? error.message : String(error)}`);

  function wake(): void {
    is_woken = true;
    if (is_draining || abort.signal.aborted) return;
    is_draining = true;
    draining = drain()
      .catch(report)
      .finally(() => {
        is_draining = false;
        // Woken between the last look and here: without this it would wait for the poll.
        if (is_woken && inFlight.size < MAX_IN_FLIGHT) wake();
      });
  }

  async function drain(): Promise<void> {
    while (is_woken && !abort.signal.aborted && inFlight.size < MAX_IN_FLIGHT) {
      const places = MAX_IN_FLIGHT - inFlight.size;
      is_woken = false;
      const requests = await takeRequests(sql, places);
      for (const request of requests) start(request);
      // As many as asked for: there may be more.
      if (requests.length === places) is_woken = true;
    }
  }

  function start(request: NetRequest): void {
    const sending = send(request).finally(() => {
      inFlight.delete(sending);
      if (is_woken) wake();
    });
    inFlight.add(sending);
  }

  async function send(request: NetRequest): Promise<void> {
    const response = await sendRequest(request, abort.signal);
    if (response.error_msg !== null) {
      log(`pg_net: request ${request.id} ${response.timed_out ? "timed out" : "failed"}`);
    }
    await recordResponse(sql, request.id, response).catch(report);
  }

  function poll(): void {
    timer = setTimeout(() => {
      wake();
      pruning = pruneResponses(sql)
        .catch(report)
        .finally(() => {
          if (!abort.signal.aborted) poll();
        });
    }, POLL_INTERVAL_MS);
  }

  const listening = sql.listen("pg_net_wake", wake, wake);
  listening.catch(report);
  poll();
  return {
    stop: async () => {
      abort.abort();
      clearTimeout(timer);
      // Not awaited: where the server is gone it would wait for it to come back.
      void listening.then((channel) => channel.unlisten()).catch(() => {});
      await Promise.all([draining, pruning]);
      await Promise.all(inFlight);
    },
  };
}
