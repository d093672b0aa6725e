import { z } from "zod";
import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import { type CustomerMessageInput, sendFromCustomer } from "../inbound.ts";
import type { BusinessNumber } from "../options.ts";
import type { Outbound } from "../outbound.ts";
import { phoneDigits } from "../phone.ts";
import type { SettingsInput, SettingsView } from "../settings.ts";
import type { Chat } from "../store/store.ts";
import type { ChatMessage, Customer, LedgerEntry } from "../store/types.ts";
import { type WebhookVerification, verifyWebhook } from "../verify-webhook.ts";
import type { Delivery, DeliveryView } from "../webhook-sender.ts";
import { webhookBody } from "../wire/envelope.ts";
import { deriveBsuid } from "../wire/ids.ts";

const customerSchema = z.strictObject({
  /** Any spelling; its digits are the customer's key. */
  phone: z
    .string()
    .transform(phoneDigits)
    .pipe(z.string().regex(/^\d{7,15}$/, "must have 7 to 15 digits")),
  name: z.string().trim().min(1),
  /** Business-scoped user id; default: derived from the phone. */
  bsuid: z
    .string()
    .regex(/^[A-Z]{2}\.[A-Za-z0-9.]{1,128}$/, "must look like DE.123")
    .optional(),
  username: z.string().min(1).optional(),
  /** `false`: the business learns the user id only. */
  share_phone: z.boolean().default(true),
});

const webhookSchema = z.union([
  /** The whole body, sent as it is. */
  z.strictObject({ body: z.record(z.string(), z.unknown()) }),
  /** The value of one change; the envelope is put around it. */
  z.strictObject({
    value: z.record(z.string(), z.unknown()),
    field: z.string().min(1).default("messages"),
    phone_number_id: z.string().optional(),
  }),
]);

const chatFilterSchema = z.strictObject({ phone_number_id: z.string().optional() });

/** Who is added; see the fields. */
export type CustomerInput = z.input<typeof customerSchema>;
/** A webhook made by hand; see the fields. */
export type WebhookInput = z.input<typeof webhookSchema>;
/** Limits a call to one business number. */
export type ChatFilter = z.input<typeof chatFilterSchema>;

/** Everything at a glance. Holds no secret. */
export interface EmulatorState {
  graph_version: string;
  /** The emulator's clock, in milliseconds since 1970. */
  now: number;
  numbers: readonly BusinessNumber[];
  customers: Customer[];
  chats: Chat[];
  settings: SettingsView;
  counts: { accepted: number; deliveries: number; pending_deliveries: number };
}

/** What the control API is given, by those who call its methods. */
export interface ControlInputs {
  customer: CustomerInput;
  message: CustomerMessageInput;
  filter: ChatFilter;
  settings: SettingsInput;
  webhook: WebhookInput;
}
/** The same before it is checked, as it comes by HTTP. */
export type UncheckedInputs = Record<keyof ControlInputs, unknown>;

/**
 * The control API as methods; `/emulator/…` offers the same over HTTP. A phone is in any spelling, or the customer's
 * user id. Methods throw {@link EmulatorError}, or ZodError for an input that does not fit.
 */
export interface Control<In extends UncheckedInputs = ControlInputs> {
  state(): EmulatorState;
  /** Adds a customer, or changes the one with this phone. */
  addCustomer(input: In["customer"]): Customer;
  /** The customer writes. The webhook is on its way when this returns. */
  sendFromCustomer(phone: string, message: In["message"]): { id: string };
  /** The customer reads what was delivered; returns how many were unread. */
  readAsCustomer(phone: string, filter?: In["filter"]): { read: number };
  /** Both directions, oldest first. */
  customerMessages(phone: string, filter?: In["filter"]): ChatMessage[];
  updateSettings(input: In["settings"]): SettingsView;
  /** Sends an arbitrary signed webhook. */
  sendWebhook(input: In["webhook"]): DeliveryView;
  /** Meta's handshake with `webhook_url`. */
  verifyWebhook(): Promise<WebhookVerification>;
  /** Each message that Graph accepted, oldest first. */
  accepted(): LedgerEntry[];
  /** Each webhook, oldest first. */
  deliveries(): DeliveryView[];
  /** One webhook with its body and signature. */
  delivery(id: number): Delivery;
}

/** Builds the control API over the shared parts. */
export function createControl(parts: { core: Core; outbound: Outbound }): Control<UncheckedInputs> {
  const { core, outbound } = parts;
  return {
    state: () => describe(core),
    addCustomer: (input) => addCustomer(core, input),
    sendFromCustomer(phone, message) {
      const { id, type } = sendFromCustomer(core, core.resolveCustomer(phone), message);
      core.options.log(`customer sent ${type} ${id}`);
      return { id };
    },
    readAsCustomer(phone, filter = {}) {
      const { phone_number_id } = chatFilterSchema.parse(filter);
      return { read: outbound.readByCustomer(core.resolveCustomer(phone), phone_number_id).length };
    },
    customerMessages(phone, filter = {}) {
      const { phone_number_id } = chatFilterSchema.parse(filter);
      return core.store.messages(core.resolveCustomer(phone).phone, phone_number_id);
    },
    updateSettings(input) {
      const settings = core.settings.update(input);
      core.events.emit("settings", settings);
      return settings;
    },
    sendWebhook: (input) => core.sender.enqueue(handmadeBody(core, input)),
    verifyWebhook: () => verifyWebhook(core),
    accepted: () => core.store.accepted(),
    deliveries: () => core.sender.deliveries(),
    delivery(id) {
      const delivery = core.sender.find(id);
      if (!delivery) throw new EmulatorError("delivery_not_found", `no delivery ${id}`);
      return { ...delivery };
    },
  };
}

function describe(core: Core): EmulatorState {
  const { options, store, settings, sender } = core;
  const deliveries = sender.deliveries();
  return {
    graph_version: options.graph_version,
    now: core.now(),
    numbers: store.numbers,
    customers: store.customers(),
    chats: store.chats(),
    settings: settings.view(),
    counts: {
      accepted: store.accepted().length,
      deliveries: deliveries.length,
      pending_deliveries: deliveries.filter(({ state }) => state === "pending").length,
    },
  };
}

function addCustomer({ store, events }: Core, input: unknown): Customer {
  const { bsuid, username, ...rest } = customerSchema.parse(input);
  const user_id = bsuid ?? store.findCustomer(rest.phone)?.user_id ?? deriveBsuid(rest.phone);
  const holder = store.findCustomer(user_id);
  if (holder && holder.phone !== rest.phone) {
    throw new EmulatorError("user_id_taken", `${user_id} belongs to another customer`);
  }
  const customer = { ...rest, user_id, username: username ?? null };
  store.putCustomer(customer);
  events.emit("customer", customer);
  return customer;
}

function handmadeBody(core: Core, input: unknown): unknown {
  const webhook = webhookSchema.parse(input);
  if ("body" in webhook) return webhook.body;
  const { waba_id } = core.resolveNumber(webhook.phone_number_id);
  return webhookBody(waba_id, webhook.value, webhook.field);
}
