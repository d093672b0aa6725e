import { Injectable } from "@nestjs/common";
import { createSessionStorage, type SessionStorage } from "../storage/session-storage.ts";
import type { StorageDriver } from "../storage/types.ts";

/**
 * Files of tenants: upload, download, list, delete, exists. Its driver is the one that SESSION_STORAGE_TYPE names.
 * Sessions themselves are kept by WhatsAppSessionsService.
 */
export class SupabaseStorageService implements SessionStorage {
  readonly driver: StorageDriver;
  private readonly storage: SessionStorage;

  constructor(driver: StorageDriver) {
    this.driver = driver;
    this.storage = createSessionStorage(driver);
  }

  async uploadFile(tenant: string, file: string, content: string | Uint8Array): Promise<void> {
    await this.storage.uploadFile(tenant, file, content);
  }

  async downloadFile(tenant: string, file: string): Promise<string | null> {
    return await this.storage.downloadFile(tenant, file);
  }

  async downloadBytes(tenant: string, file: string): Promise<Uint8Array | null> {
    return await this.storage.downloadBytes(tenant, file);
  }

  async listFiles(tenant: string): Promise<string[]> {
    return await this.storage.listFiles(tenant);
  }

  async deleteAllFiles(tenant: string): Promise<number> {
    return await this.storage.deleteAllFiles(tenant);
  }

  async fileExists(tenant: string, file: string): Promise<boolean> {
    return await this.storage.fileExists(tenant, file);
  }
}

// What `@Injectable()` does: Node strips types, and decorators are no types.
Injectable()(SupabaseStorageService);
