import type { Core } from "../core.ts";
import type { BusinessNumber } from "../options.ts";
import type { Outbound } from "../outbound.ts";
import { phoneDigits } from "../phone.ts";
import type { Customer } from "../store/types.ts";
import { DroppedConnection, GraphFault } from "./errors.ts";
import { type SendRequest, parseSendRequest } from "./send-request.ts";

/** Answers `POST /{phone_number_id}/messages` for a message. Throws a {@link GraphFault} as Meta would answer. */
export function sendMessage(
  { core, outbound }: { core: Core; outbound: Outbound },
  number: BusinessNumber,
  body: unknown,
) {
  const request = parseSendRequest(body);
  const customer = findRecipient(core, request);
  refuseSelf(number, request);
  refuseUnknownMedia(core, request);
  if (customer) refuseClosedWindow(core, number, { customer, type: request.type });

  const failure = core.settings.takeFailure();
  if (failure?.how === "refuse") throw new GraphFault(failure.code);
  if (failure?.how === "drop") throw new DroppedConnection();
  const fail_code = failure?.how === "status" ? failure.code : null;
  const id = outbound.accept({ number, customer, request, body, fail_code });
  core.options.log(`graph accepted ${request.type} ${id}`);
  if (failure?.how === "accept_then_error") throw new GraphFault(failure.code);
  if (failure?.how === "accept_then_drop") throw new DroppedConnection();

  const { input, to } = request;
  const contact = "phone" in to ? { input, wa_id: to.phone } : { input, user_id: to.user_id };
  return { messaging_product: "whatsapp", contacts: [contact], messages: [{ id }] };
}

function findRecipient({ store }: Core, { to }: SendRequest): Customer | null {
  return store.findCustomer("phone" in to ? to.phone : to.user_id) ?? null;
}

function refuseSelf(number: BusinessNumber, { to }: SendRequest): void {
  if ("phone" in to && to.phone === phoneDigits(number.display_phone_number)) {
    throw new GraphFault(131021);
  }
}

function refuseUnknownMedia({ media }: Core, { type, media_id }: SendRequest): void {
  if (media_id === null || media.find(media_id)) return;
  throw new GraphFault(100, {
    message: `(#100) Param ${type}['id'] is not a valid whatsapp business account media attachment ID`,
  });
}

/** Templates alone may open a conversation. */
function refuseClosedWindow(
  core: Core,
  number: BusinessNumber,
  { customer, type }: { customer: Customer; type: string },
): void {
  if (type === "template") return;
  const { window_until } = core.store.chat(number.phone_number_id, customer.phone);
  if (window_until === null || window_until <= core.now()) throw new GraphFault(131047);
}
