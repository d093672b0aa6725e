import {
  type DynamicModule,
  type FactoryProvider,
  Module,
  type ModuleMetadata,
} from "@nestjs/common";
import { ConfigModule, ConfigService } from "@nestjs/config";
import { resolveOptions, type ResolvedOptions, type WhatsAppSessionsOptions } from "./options.ts";
import { WhatsAppSessionsService } from "./sessions-service.ts";
import { SupabaseStorageService } from "./storage-service.ts";

export interface WhatsAppSessionsAsyncOptions extends Pick<ModuleMetadata, "imports"> {
  /** Given to `useFactory`, in this order. */
  inject?: FactoryProvider["inject"];
  useFactory: FactoryProvider<WhatsAppSessionsOptions>["useFactory"];
}

/** The options as given, and with what the configuration adds. */
const GIVEN = Symbol("WhatsAppSessionsOptions");
const RESOLVED = Symbol("ResolvedWhatsAppSessionsOptions");

/**
 * WhatsApp-Web sessions for a Nest application:
 *
 *   imports: [ConfigModule.forRoot(), WhatsAppSessionsModule.forRoot()]
 *
 * It is global, and reads its settings from ConfigService. Closing the application closes its sessions: call
 * `app.enableShutdownHooks()`, so that a signal closes the application.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a dynamic module is such a class
export class WhatsAppSessionsModule {
  static forRoot(options: WhatsAppSessionsOptions = {}): DynamicModule {
    return build([], { provide: GIVEN, useValue: options });
  }

  static forRootAsync({
    imports,
    inject,
    useFactory,
  }: WhatsAppSessionsAsyncOptions): DynamicModule {
    return build(imports ?? [], { provide: GIVEN, useFactory, inject: inject ?? [] });
  }
}

// What `@Module({})` does: Node strips types, and decorators are no types.
Module({})(WhatsAppSessionsModule);

type Given = NonNullable<ModuleMetadata["providers"]>[number];

function build(imports: NonNullable<ModuleMetadata["imports"]>, given: Given): DynamicModule {
  const resolved: FactoryProvider<ResolvedOptions> = {
    provide: RESOLVED,
    useFactory: (configuration: ConfigService, options: WhatsAppSessionsOptions) =>
      resolveOptions(configuration, options),
    inject: [ConfigService, GIVEN],
  };
  const storage: FactoryProvider<SupabaseStorageService> = {
    provide: SupabaseStorageService,
    useFactory: ({ backend }: ResolvedOptions) => new SupabaseStorageService(backend.driver),
    inject: [RESOLVED],
  };
  const sessions: FactoryProvider<WhatsAppSessionsService> = {
    provide: WhatsAppSessionsService,
    useFactory: ({ manager }: ResolvedOptions) => new WhatsAppSessionsService(manager),
    inject: [RESOLVED],
  };
  return {
    module: WhatsAppSessionsModule,
    global: true,
    imports: [ConfigModule, ...imports],
    providers: [given, resolved, storage, sessions],
    exports: [WhatsAppSessionsService, SupabaseStorageService],
  };
}
