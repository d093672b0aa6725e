import type { z } from "zod";
import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import { type Fault, type FaultsInput, faultsSchema } from "../faults.ts";
import { type CustomerMessageInput, sendFromCustomer } from "../inbound.ts";
import type { BusinessNumber } from "../options.ts";
import type { Outbound } from "../outbound.ts";
import type { SettingsInput, SettingsView } from "../settings.ts";
import type { LedgerSummary } from "../store/ledger.ts";
import type { Chat } from "../store/store.ts";
import type { ChatMessage, Customer, Group, LedgerEntry } from "../store/types.ts";
import type { Template } from "../templates/template.ts";
import { type WebhookVerification, verifyWebhook } from "../verify-webhook.ts";
import type { Delivery, DeliveryView } from "../webhook-sender.ts";
import { type WireObject, webhookBody } from "../wire/envelope.ts";
import { addCustomer, addGroup, press, setPreferences } from "./customers.ts";
import * as inputs from "./inputs.ts";
import { type MediaInfo, changeMedia, listMedia } from "./media-control.ts";
import { addTemplate, changeTemplate, listTemplates } from "./template-control.ts";

/** Everything at a glance. Holds no secret. */
export interface EmulatorState {
  graph_version: string;
  /** The emulator's clock, in milliseconds since 1970. */
  now: number;
  numbers: readonly BusinessNumber[];
  customers: Customer[];
  groups: Group[];
  chats: Chat[];
  settings: SettingsView;
  counts: { accepted: number; deliveries: number; pending_deliveries: number };
}

/** What the control API is given, by those who call its methods; see the schemas for the fields. */
export interface ControlInputs {
  customer: z.input<typeof inputs.customerSchema>;
  faults: FaultsInput;
  filter: z.input<typeof inputs.chatFilterSchema>;
  group: z.input<typeof inputs.groupSchema>;
  ledger_filter: z.input<typeof inputs.ledgerFilterSchema>;
  media_changes: z.input<typeof inputs.mediaChangesSchema>;
  message: CustomerMessageInput;
  network: z.input<typeof inputs.networkSchema>;
  number: z.input<typeof inputs.numberInputSchema>;
  number_changes: z.input<typeof inputs.numberChangesSchema>;
  play: z.input<typeof inputs.playSchema>;
  preferences: z.input<typeof inputs.preferencesSchema>;
  press: z.input<typeof inputs.pressSchema>;
  release: z.input<typeof inputs.releaseSchema>;
  settings: SettingsInput;
  summary_filter: z.input<typeof inputs.summaryFilterSchema>;
  template: z.input<typeof inputs.templateSchema>;
  template_changes: z.input<typeof inputs.templateChangesSchema>;
  webhook: z.input<typeof inputs.webhookSchema>;
}
/** The same before it is checked, as it comes by HTTP. */
export type UncheckedInputs = Record<keyof ControlInputs, unknown>;

/**
 * The control API as methods; `/emulator/…` offers the same over HTTP. A phone is in any spelling, or the customer's
 * user id. Methods throw {@link EmulatorError}, or ZodError for an input that does not fit.
 */
export interface Control<In extends UncheckedInputs = ControlInputs> {
  state(): EmulatorState;
  updateSettings(input: In["settings"]): SettingsView;

  /** Adds a customer, or changes the one with this phone. */
  addCustomer(input: In["customer"]): Customer;
  /** The customer writes. The webhook is on its way when this returns. */
  sendFromCustomer(phone: string, message: In["message"]): { id: string };
  /** The customer presses a button, or chooses from a list, of a message. */
  press(phone: string, input: In["press"]): { id: string };
  /** The customer reads what was delivered; returns how many were unread. */
  readAsCustomer(phone: string, filter?: In["filter"]): { read: number };
  /** The customer plays a voice message. */
  playAsCustomer(phone: string, input: In["play"]): { played: boolean };
  /** The customer wants no marketing from a number, or wants it again. */
  setPreferences(phone: string, input: In["preferences"]): Chat;
  /** Both directions, oldest first. Of a group: by the group's id. */
  customerMessages(phone: string, filter?: In["filter"]): ChatMessage[];
  /** A group of customers and one number. */
  addGroup(input: In["group"]): Group;

  /** Adds a number, or takes the place of the one with this id. */
  addNumber(input: In["number"]): BusinessNumber;
  changeNumber(phone_number_id: string, changes: In["number_changes"]): BusinessNumber;

  /** Each message that Graph accepted, oldest first. */
  accepted(filter?: In["ledger_filter"]): LedgerEntry[];
  /** What these prove: how often each was accepted, and how fast. */
  acceptedSummary(filter?: In["summary_filter"]): LedgerSummary;
  /** Lets go, or drops, what was held for quality. */
  releaseHeld(input?: In["release"]): { released: number };

  /** Plans failures, behind those that are planned. */
  addFaults(faults: In["faults"]): Fault[];
  faults(): Fault[];
  /** Forgets one plan, or all. */
  removeFaults(id?: number): { removed: boolean };
  /** Refuses connections for so long, from the next moment on. */
  goDown(input: In["network"]): { down_ms: number };

  /** Puts a template there: no review, no webhook. */
  addTemplate(input: In["template"]): Template;
  /** By id or name. Each change sends its webhook. */
  changeTemplate(key: string, changes: In["template_changes"]): Template;
  templates(waba_id?: string): Template[];

  /** Every stored file, without its bytes. */
  media(): MediaInfo[];
  changeMedia(id: string, changes: In["media_changes"]): MediaInfo;

  /** Sends an arbitrary signed webhook. */
  sendWebhook(input: In["webhook"]): DeliveryView;
  /** Meta's handshake with `webhook_url`. */
  verifyWebhook(): Promise<WebhookVerification>;
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
    updateSettings(input) {
      const settings = core.settings.update(input);
      core.sender.settingsChanged();
      core.events.emit("settings", settings);
      return settings;
    },
    ...customerControl(parts),
    addNumber: (input) => putNumber(core, inputs.numberInputSchema.parse(input)),
    changeNumber: (id, input) => changeNumber(core, id, input),

    accepted: (filter = {}) => core.ledger.list(inputs.ledgerFilterSchema.parse(filter)),
    acceptedSummary: (filter = {}) => core.ledger.summary(inputs.summaryFilterSchema.parse(filter)),
    releaseHeld: (input = {}) => ({
      released: outbound.release(inputs.releaseSchema.parse(input)),
    }),

    addFaults: (input) => core.settings.faults.add(faultsSchema.parse(input)),
    faults: () => core.settings.faults.list(),
    removeFaults: (id) => ({ removed: core.settings.faults.remove(id) }),
    goDown(input) {
      const { down_ms } = inputs.networkSchema.parse(input);
      const listening = core.listening();
      if (!listening) throw new EmulatorError("not_listening", "listen() first");
      listening.goDown(down_ms);
      return { down_ms };
    },

    addTemplate: (input) => addTemplate(core, input),
    changeTemplate: (key, changes) => changeTemplate(core, key, changes),
    templates: (waba_id) => listTemplates(core, waba_id),
    media: () => listMedia(core),
    changeMedia: (id, changes) => changeMedia(core, id, changes),

    sendWebhook: (input) => core.sender.enqueue(handmadeBody(core, input)),
    verifyWebhook: () => verifyWebhook(core),
    deliveries: () => core.sender.deliveries(),
    delivery(id) {
      const delivery = core.sender.find(id);
      if (!delivery) throw new EmulatorError("delivery_not_found", `no delivery ${id}`);
      return delivery;
    },
  };
}

type CustomerControl = Pick<
  Control<UncheckedInputs>,
  | "addCustomer"
  | "addGroup"
  | "customerMessages"
  | "playAsCustomer"
  | "press"
  | "readAsCustomer"
  | "sendFromCustomer"
  | "setPreferences"
>;

function customerControl({ core, outbound }: { core: Core; outbound: Outbound }): CustomerControl {
  return {
    addCustomer: (input) => addCustomer(core, input),
    sendFromCustomer(phone, message) {
      const { id, type } = sendFromCustomer(core, core.resolveCustomer(phone), message);
      core.options.log(`customer sent ${type} ${id}`);
      return { id };
    },
    press: (phone, input) => ({ id: press(core, core.resolveCustomer(phone), input).id }),
    readAsCustomer(phone, filter = {}) {
      const { phone_number_id } = inputs.chatFilterSchema.parse(filter);
      return { read: outbound.readByCustomer(core.resolveCustomer(phone), phone_number_id).length };
    },
    playAsCustomer(phone, input) {
      core.resolveCustomer(phone);
      const { message_id } = inputs.playSchema.parse(input);
      return { played: outbound.playByCustomer(message_id) };
    },
    setPreferences: (phone, input) => setPreferences(core, core.resolveCustomer(phone), input),
    customerMessages(key, filter = {}) {
      const { phone_number_id } = inputs.chatFilterSchema.parse(filter);
      const owner = core.store.findGroup(key)?.id ?? core.resolveCustomer(key).phone;
      return core.store.messages(owner, phone_number_id);
    },
    addGroup: (input) => addGroup(core, input),
  };
}

function describe(core: Core): EmulatorState {
  const { options, store, settings, sender, ledger } = core;
  const deliveries = sender.deliveries();
  return {
    graph_version: options.graph_version,
    now: core.now(),
    numbers: store.numbers(),
    customers: store.customers(),
    groups: store.groups(),
    chats: store.chats(),
    settings: settings.view(),
    counts: {
      accepted: ledger.total(),
      deliveries: deliveries.length,
      pending_deliveries: deliveries.filter(({ state }) => state === "pending").length,
    },
  };
}

function putNumber(core: Core, number: BusinessNumber): BusinessNumber {
  core.store.putNumber(number);
  core.events.emit("settings", core.settings.view());
  return number;
}

function changeNumber(core: Core, id: string, input: unknown): BusinessNumber {
  const given = inputs.numberChangesSchema.parse(input);
  const changes = Object.entries(given).filter(([, value]) => value !== undefined);
  return putNumber(core, { ...core.resolveNumber(id), ...Object.fromEntries(changes) });
}

function handmadeBody(core: Core, input: unknown): WireObject {
  const webhook = inputs.webhookSchema.parse(input);
  if ("body" in webhook) return webhook.body;
  const { waba_id } = core.resolveNumber(webhook.phone_number_id);
  return webhookBody(waba_id, webhook.value, { field: webhook.field });
}
