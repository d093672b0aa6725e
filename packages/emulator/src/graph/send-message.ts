import type { Core } from "../core.ts";
import type { Fault, FaultRequest } from "../faults.ts";
import type { BusinessNumber } from "../options.ts";
import type { Addressee, Outbound } from "../outbound.ts";
import { phoneDigits } from "../phone.ts";
import { baseMime, kindOfMime } from "../store/media-limits.ts";
import { isMediaKind } from "../store/media-limits.ts";
import type { AcceptedAs, Customer } from "../store/types.ts";
import { fillTemplate } from "../templates/check-send.ts";
import type { Template } from "../templates/template.ts";
import { loose } from "../view/loose.ts";
import { type MessageView, messageView } from "../view/message-view.ts";
import { deriveBsuid } from "../wire/ids.ts";
import { GraphFault, unknownObject } from "./errors.ts";
import { graphJson } from "./graph-json.ts";
import { type SendRequest, parseSendRequest, recipientName } from "./send-request.ts";
import { underFault } from "./under-fault.ts";

interface Parts {
  core: Core;
  outbound: Outbound;
}

/** A send as it arrived. */
interface Send {
  number: BusinessNumber;
  body: unknown;
  endpoint: "messages" | "marketing_messages";
}

/** A send that passed every check of its own. */
interface CheckedSend extends Send {
  request: SendRequest;
  addressee: Addressee;
  template: Template | null;
  view: MessageView | null;
  /** The code of the failed status that Meta finds out about afterwards. */
  late_code: number | null;
  is_initiated: boolean;
}

/** Answers a send. Throws a {@link GraphFault} as Meta would answer. */
export async function sendMessage(parts: Parts, send: Send): Promise<Response> {
  const { core } = parts;
  const checked = checkSend(core, send);
  return underFault(core, faultRequest(checked), (fault) => accept(parts, checked, fault));
}

function checkSend(core: Core, send: Send): CheckedSend {
  const { number, body, endpoint } = send;
  const request = parseSendRequest(body);
  if (number.registered === false) throw new GraphFault(133010);
  const addressee = findAddressee(core, number, request);
  refuseSelf(number, request);
  const { template, view, media_ids } = readTemplate(core, number, request);
  refuseEndpoint({ endpoint, number, request, template });
  for (const id of media_ids) refuseUnknownMedia(core, number, { id, type: request.type });
  const is_open = isWindowOpen(core, number, addressee);
  const late_code = lateCode(core, { number, request, addressee, template, is_open });
  return {
    ...send,
    request,
    addressee,
    template,
    view: view ?? messageView(request, addressee.customer),
    late_code,
    is_initiated: !is_open,
  };
}

function accept({ core, outbound }: Parts, send: CheckedSend, fault?: Fault): Response {
  const { number, request, addressee, is_initiated } = send;
  const recipient = nameOf(addressee, request);
  const code = core.limits.take({ number, recipient, is_initiated });
  if (code !== null) throw new GraphFault(code);
  const message_status = messageStatus(fault);
  const id = outbound.accept({
    ...send,
    message_status,
    fail_code: fault?.how === "status" ? fault.code : send.late_code,
    is_silent: fault?.how === "silent",
  });
  core.options.log(`graph accepted ${request.type} ${id}`);
  return graphJson(answerBody(send, id, message_status));
}

function messageStatus(fault: Fault | undefined): AcceptedAs {
  if (fault?.how === "held") return "held_for_quality_assessment";
  return fault?.how === "paused" ? "paused" : "accepted";
}

function answerBody({ request, template }: CheckedSend, id: string, message_status: AcceptedAs) {
  const { input, to } = request;
  const is_group = "group_id" in to;
  const contact =
    "user_id" in to ? { input, user_id: to.user_id } : { input, wa_id: recipientName(to) };
  // Meta names the status of templates, which alone can be held.
  const status = template || message_status !== "accepted" ? { message_status } : {};
  return {
    messaging_product: "whatsapp",
    contacts: [contact],
    messages: [{ id, ...(is_group && { group_id: to.group_id }), ...status }],
  };
}

function faultRequest(send: CheckedSend): FaultRequest {
  const { request, addressee, number, template } = send;
  const { customer } = addressee;
  return {
    endpoint: "messages",
    phone_number_id: number.phone_number_id,
    recipients: [
      recipientName(request.to),
      ...(customer ? [customer.phone, customer.user_id] : []),
    ],
    template: template?.name ?? null,
    type: request.type,
    biz_opaque_callback_data: request.biz_opaque_callback_data,
  };
}

function nameOf({ customer, group }: Addressee, request: SendRequest): string {
  return customer?.phone ?? group?.id ?? recipientName(request.to);
}

function findAddressee(core: Core, number: BusinessNumber, { to, type }: SendRequest): Addressee {
  if ("group_id" in to) {
    const group = core.store.findGroup(to.group_id);
    if (!group || group.phone_number_id !== number.phone_number_id) {
      throw new GraphFault(131009, { details: `There is no group ${to.group_id}.` });
    }
    // Meta: "no interactive, authentication or commerce messages" in groups.
    if (type === "interactive") throw new GraphFault(131051);
    if (group.participants.length === 0) throw new GraphFault(131020);
    return { customer: null, group };
  }
  if (type === "pin") throw new GraphFault(131051);
  const found = core.store.findCustomer(recipientName(to));
  if (found) return { customer: found, group: null };
  const is_added = core.settings.current.unknown_recipients === "add" && "phone" in to;
  return { customer: is_added ? addUnknown(core, to.phone) : null, group: null };
}

function addUnknown({ store, events }: Core, phone: string): Customer {
  const user_id = deriveBsuid(phone);
  const customer = { phone, name: `+${phone}`, user_id, username: null, share_phone: true };
  store.putCustomer(customer);
  events.emit("customer", customer);
  return customer;
}

function refuseSelf(number: BusinessNumber, { to }: SendRequest): void {
  if ("phone" in to && to.phone === phoneDigits(number.display_phone_number)) {
    throw new GraphFault(131021);
  }
}

/** A template message's template and what it looks like filled in. */
function readTemplate(core: Core, { waba_id }: BusinessNumber, request: SendRequest) {
  const { type, content, to, media_ids } = request;
  if (type !== "template") return { template: null, view: null, media_ids };
  const name = loose(content).text("name") ?? "";
  const language = loose(content).at("language").text("code") ?? "";
  const template = core.templates.findByName(waba_id, name, language);
  if (template?.status === "PAUSED") throw new GraphFault(132015);
  if (template?.status === "DISABLED") throw new GraphFault(132016);
  if (!template || !["APPROVED", "FLAGGED", "REINSTATED"].includes(template.status)) {
    throw new GraphFault(132001, {
      message: "(#132001) Template name does not exist in the translation",
      details: `template name (${name}) does not exist in ${language}`,
    });
  }
  // Meta: codes need a phone; in groups there are none.
  if (template.category === "AUTHENTICATION") {
    if ("user_id" in to) throw new GraphFault(131062);
    if ("group_id" in to) throw new GraphFault(131051);
  }
  return { template, ...fillTemplate(template, content) };
}

function refuseEndpoint(send: {
  endpoint: Send["endpoint"];
  number: BusinessNumber;
  request: SendRequest;
  template: Template | null;
}): void {
  const is_marketing = send.template?.category === "MARKETING";
  if (send.endpoint === "marketing_messages") {
    if (!send.template) throw new GraphFault(131055);
    if (!is_marketing) throw new GraphFault(134100);
  } else if (is_marketing && send.number.marketing_on_messages === false) {
    throw new GraphFault(131063);
  }
}

function refuseUnknownMedia(
  { media }: Core,
  { phone_number_id }: BusinessNumber,
  { id, type }: { id: string; type: string },
): void {
  if (media.find(id)?.phone_number_id === phone_number_id) return;
  throw new GraphFault(100, {
    message: `(#100) Param ${type}['id'] is not a valid whatsapp business account media attachment ID`,
  });
}

function isWindowOpen(core: Core, { phone_number_id }: BusinessNumber, to: Addressee): boolean {
  // Nobody can have written who is not there; such a message fails for another reason.
  const owner = to.group?.id ?? to.customer?.phone;
  if (owner === undefined) return false;
  const { window_until } = core.store.chat(phone_number_id, owner);
  return window_until !== null && window_until > core.now();
}

interface Judged {
  number: BusinessNumber;
  request: SendRequest;
  addressee: Addressee;
  template: Template | null;
  is_open: boolean;
}

/** What Meta refuses at once is thrown; what it reports later by a status is returned as a code. */
function lateCode(core: Core, judged: Judged): number | null {
  const { number, request, addressee, template, is_open } = judged;
  const { customer, group } = addressee;
  // A number without WhatsApp is accepted all the same, and reported afterwards.
  if (!customer && !group) return 131026;
  if (template?.category === "MARKETING" && customer) {
    const { marketing_stopped } = core.store.chat(number.phone_number_id, customer.phone);
    if (marketing_stopped) return 131050;
  }
  if (!template && !is_open) {
    const { closed_window } = core.settings.current;
    if (request.is_direct_send) throw new GraphFault(139200);
    if (closed_window === "refuse") throw new GraphFault(131047);
    if (closed_window === "status") return 131047;
  }
  return wrongKind(core, request) ? 131053 : reactionCode(core, request);
}

/** An upload of another kind than the message's is found out when it is sent. */
function wrongKind(core: Core, { type, content, media_ids }: SendRequest): boolean {
  const [id] = media_ids;
  if (id === undefined || !isMediaKind(type)) return false;
  const mime = baseMime(core.media.find(id)?.mime_type ?? "");
  // Meta sends any file as a document.
  if (type !== "document" && kindOfMime(mime) !== type) return true;
  return loose(content).at("voice").value === true && mime !== "audio/ogg";
}

function reactionCode(core: Core, { type, content }: SendRequest): number | null {
  if (type !== "reaction") return null;
  const message_id = loose(content).text("message_id") ?? "";
  return core.store.findMessage(message_id) ? null : 131009;
}

/** The number that a path names. */
export function findSender(core: Core, id: string): BusinessNumber {
  const number = core.store.findNumber(id);
  if (number) return number;
  throw unknownObject(id);
}
