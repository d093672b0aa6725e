import { decideSend, type GraphClient } from "@wabase/cloud-api";
import { ConfigurationError } from "../environment.ts";
import type { Answer, LeasedSend, Outcome } from "./outbox.ts";

/** The Graph API as this number calls it. @throws ConfigurationError, DatabaseError */
type GraphOfNumber = (number: { phone_number_id: string }) => Promise<GraphClient>;

/** A number without a token asks for one after this. */
const CONFIGURATION_TERM_MS = 15 * 60_000;

/** Calls Meta for a leased message, once, and says what became of it. Never throws. */
export type Send = (message: LeasedSend) => Promise<Answer>;

/**
 * A sender that also says when, at the latest, each call reached Meta: the number's next second is counted
 * from there. Of a call's time, what the quickest took lies on either way and tells nothing.
 */
export function createSend(
  graphOf: GraphOfNumber,
  now: () => number = () => performance.now(),
): Send {
  let quickest_ms = Number.POSITIVE_INFINITY;
  return async (message) => {
    const graph = await findGraph(graphOf, message);
    if (!("sendMessage" in graph)) return { outcome: graph, settled_at: now() };
    const started = now();
    const outcome = await sendOnce(graph, message);
    const ended = now();
    quickest_ms = Math.min(quickest_ms, ended - started);
    return { outcome, settled_at: ended - quickest_ms };
  };
}

/** What keeps us from Meta at all is an outcome too: nothing left, and nothing stays `sending`. */
async function findGraph(
  graphOf: GraphOfNumber,
  { id, lease_id, phone_number_id }: LeasedSend,
): Promise<GraphClient | Outcome> {
  try {
    return await graphOf({ phone_number_id });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) {
      console.error("dispatch: no access token was read");
      return { id, lease_id, action: "release" };
    }
    console.error(`dispatch: ${error.message}`);
    const { code, message } = error;
    return {
      id,
      lease_id,
      action: "pause_number",
      reason: "not_configured",
      resume_after_ms: CONFIGURATION_TERM_MS,
      error: { code, title: message, message, details: null },
    };
  }
}

async function sendOnce(graph: GraphClient, message: LeasedSend): Promise<Outcome> {
  const { id, lease_id, attempt, phone_number_id, content } = message;
  try {
    const { wamid, message_status } = await graph.sendMessage(phone_number_id, {
      ...content,
      ...recipientOf(message),
      // Echoed in every status: what settles a message whose answer is lost.
      biz_opaque_callback_data: id,
    });
    return { id, lease_id, action: "accepted", wamid, message_status };
  } catch (error) {
    const { error: described, ...decision } = decideSend(error, { attempt });
    return { id, lease_id, ...decision, error: { ...described } };
  }
}

type Address = { to: string; recipient_type?: "group" } | { recipient: string };

function recipientOf({ to, recipient, recipient_type }: LeasedSend): Address {
  if (to === undefined) return { recipient: recipient ?? "" };
  return recipient_type === undefined ? { to } : { to, recipient_type };
}
