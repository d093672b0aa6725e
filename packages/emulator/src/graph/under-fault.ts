import type { Core } from "../core.ts";
import type { Fault, FaultRequest } from "../faults.ts";
import { DroppedConnection, GraphFault, PlannedAnswer, httpStatusOf } from "./errors.ts";

const HTML_PAGE =
  "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>";

/**
 * Answers a request as the fault that is planned for it asks; without one, as `perform` does. `perform` does what the
 * request is for: what is refused or dropped never gets there.
 */
export async function underFault(
  core: Core,
  request: FaultRequest,
  perform: (fault: Fault | undefined) => Response,
): Promise<Response> {
  const fault = core.settings.faults.take(request);
  return fault ? answerUnder(core, fault, perform) : perform(undefined);
}

async function answerUnder(
  core: Core,
  fault: Fault,
  perform: (fault: Fault) => Response,
): Promise<Response> {
  await wait(core, fault.accept_delay_ms);
  if (fault.how === "refuse" || fault.how === "drop") {
    await wait(core, fault.answer_delay_ms);
    throw fault.how === "drop" ? new DroppedConnection() : refusal(fault);
  }
  const answer = perform(fault);
  await wait(core, fault.answer_delay_ms);
  if (fault.how === "accept_then_error") throw refusal(fault);
  if (fault.how === "accept_then_drop") throw new DroppedConnection();
  if (fault.how === "accept_then_cut") throw new DroppedConnection(answer);
  return answer;
}

/** The error answer that a fault asks for. */
function refusal({ code, body, http, details, subcode, is_transient }: Fault): Error {
  if (body === "json") {
    return new GraphFault(code, {
      ...(details !== undefined && { details }),
      ...(subcode !== undefined && { subcode }),
      ...(is_transient !== undefined && { is_transient }),
      ...(http !== undefined && { http }),
    });
  }
  const status = http ?? httpStatusOf(code);
  const response = new Response(body === "html" ? HTML_PAGE : null, {
    status,
    ...(body === "html" && { headers: { "content-type": "text/html; charset=utf-8" } }),
  });
  return new PlannedAnswer(code, response);
}

async function wait(core: Core, delay_ms: number): Promise<void> {
  if (delay_ms === 0) return;
  await new Promise<void>((resolve) => {
    core.timers.after(delay_ms, resolve);
  });
}
