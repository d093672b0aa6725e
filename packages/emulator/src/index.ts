export { createEmulator, type Emulator } from "./create-emulator.ts";
export type { ListenOptions, ListeningServer } from "./listen.ts";
export type { BusinessNumber, Delays, EmulatorOptions } from "./options.ts";
export type { PlannedFailure, SettingsInput, SettingsView } from "./settings.ts";
export type {
  ChatFilter,
  Control,
  ControlInputs,
  CustomerInput,
  EmulatorState,
  WebhookInput,
} from "./control/control.ts";
export type { CustomerMessageInput } from "./inbound.ts";
export { EmulatorError, type EmulatorErrorCode } from "./emulator-error.ts";
export type { EmulatorEvents, EventHandler, EventName } from "./events.ts";
export type { Chat } from "./store/store.ts";
export type { ChatMessage, Customer, LedgerEntry, MessageStatus } from "./store/types.ts";
export type { WebhookVerification } from "./verify-webhook.ts";
export type { Delivery, DeliveryView } from "./webhook-sender.ts";
