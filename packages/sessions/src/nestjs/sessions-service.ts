import { Injectable, Logger, type OnApplicationShutdown } from "@nestjs/common";
import type { SessionConnection } from "../connection/connect-session.ts";
import {
  createSessionManager,
  type OpenSessionOptions,
  type SessionManager,
  type SessionManagerOptions,
} from "../connection/session-manager.ts";

/** The WhatsApp-Web sessions of this application. */
export class WhatsAppSessionsService implements SessionManager, OnApplicationShutdown {
  private readonly logger = new Logger("WhatsAppSessions");
  private readonly manager: SessionManager;

  constructor(options: SessionManagerOptions) {
    this.manager = createSessionManager({
      log: (level, line) => this.logger[level](line),
      ...options,
    });
  }

  async open(
    tenant: string,
    name = "main",
    options: OpenSessionOptions = {},
  ): Promise<SessionConnection> {
    return await this.manager.open(tenant, name, options);
  }

  get(tenant: string, name = "main"): SessionConnection | null {
    return this.manager.get(tenant, name);
  }

  list(): SessionConnection[] {
    return this.manager.list();
  }

  async disconnect(tenant: string, name = "main"): Promise<void> {
    await this.manager.disconnect(tenant, name);
  }

  async close(): Promise<void> {
    await this.manager.close();
  }

  /** After the HTTP server has stopped: what it has sent is written, and the sessions are free for the next server. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}

Injectable()(WhatsAppSessionsService);
