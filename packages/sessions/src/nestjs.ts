export { SupabaseStorageService } from "./nestjs/storage-service.ts";
export { WhatsAppSessionsModule, type WhatsAppSessionsAsyncOptions } from "./nestjs/module.ts";
export { resolveOptions, type WhatsAppSessionsOptions } from "./nestjs/options.ts";
export { WhatsAppSessionsService } from "./nestjs/sessions-service.ts";
