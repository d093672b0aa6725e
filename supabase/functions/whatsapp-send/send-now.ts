import {
  GraphApiError,
  type GraphClient,
  InvalidRequestError,
  NetworkError,
  UnreadableResponseError,
} from "@wabase/cloud-api";
import type { SendOutcome, StartedSend } from "./outbox.ts";

/**
 * Calls Meta once. What can have gone out although no clear answer came is `unknown`, never `failed`: the
 * status webhook, which echoes our id, settles it.
 */
export async function sendNow(graph: GraphClient, message: StartedSend): Promise<SendOutcome> {
  try {
    const { wamid } = await graph.sendMessage(message.phone_number_id, {
      ...message.content,
      ...recipientOf(message),
      biz_opaque_callback_data: message.id,
    });
    return { status: "accepted", wamid };
  } catch (error) {
    return outcomeOf(error);
  }
}

function recipientOf({ to, recipient }: StartedSend): { to: string } | { recipient: string } {
  // A phone where there is one: some messages are not allowed to a user id (Meta's 131062).
  return to === null ? { recipient: recipient ?? "" } : { to };
}

function outcomeOf(error: unknown): SendOutcome {
  if (error instanceof GraphApiError) {
    return {
      status: error.retry === "ambiguous" ? "unknown" : "failed",
      error: {
        code: error.graph_code,
        title: error.title,
        message: error.message,
        details: error.details,
      },
    };
  }
  if (error instanceof NetworkError || error instanceof UnreadableResponseError) {
    return {
      status: error.request_sent === "maybe" ? "unknown" : "failed",
      error: { code: error.code, title: error.message, message: error.message, details: null },
    };
  }
  if (error instanceof InvalidRequestError) {
    // Nothing left this machine: a contact whose phone Meta once gave us and would not take.
    return {
      status: "failed",
      error: { code: error.code, title: error.message, message: error.message, details: null },
    };
  }
  throw error;
}
