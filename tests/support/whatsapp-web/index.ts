export { type Customer, joinWhatsApp, STAND_IN_SETTINGS, textOf } from "./customer.ts";
export { createMemoryAuthState, type MemoryAuthState } from "./memory-auth-state.ts";
export { type Person, trust, WhatsAppWebServer } from "./server.ts";
