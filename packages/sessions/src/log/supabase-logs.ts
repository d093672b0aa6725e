import { unwrap } from "@wabase/database";
import * as z from "zod";
import type { ServiceClient } from "../supabase/service-client.ts";
import type { SessionContents, SessionLogs } from "./types.ts";

const contentsSchema = z
  .object({
    id: z.string(),
    epoch: z.number(),
    is_clean: z.boolean(),
    is_deleted: z.boolean(),
    head_seq: z.number(),
    head_hash: z.string(),
    snapshot: z
      .object({
        path: z.string(),
        seq: z.number(),
        sha256: z.string(),
        bytes: z.number(),
        key_id: z.string(),
      })
      .nullable(),
    records: z.array(z.string()),
    owner: z.string().nullish(),
  })
  .transform(({ id, epoch, owner, head_seq, head_hash, records, ...rest }) => ({
    id,
    epoch,
    owner: owner ?? null,
    contents: {
      ...rest,
      head: { seq: head_seq, hash: head_hash },
      records: records.map((record) => new Uint8Array(Buffer.from(record, "base64"))),
    } satisfies SessionContents,
  }));

const acquiredSchema = z.union([
  z.object({ held: z.object({ owner: z.string(), left_ms: z.number() }) }),
  contentsSchema,
]);

const appendedSchema = z.enum(["written", "fenced", "rolled_back"]);

const listSchema = z.array(
  z.object({
    tenant: z.string(),
    session: z.string(),
    epoch: z.number(),
    owner: z.string().nullable(),
    is_clean: z.boolean(),
    records: z.number(),
    record_bytes: z.number(),
    snapshot_bytes: z.number().nullable(),
    key_ids: z
      .array(z.string())
      .nullable()
      .transform((ids) => ids ?? []),
  }),
);

/** The log in the schema `wabase`: an append is fenced, counted and renews its lease in one statement. */
export function createSupabaseLogs(client: ServiceClient): SessionLogs {
  return {
    name: "supabase",
    fences_appends: true,
    acquire: async (claim) => {
      const answer = acquiredSchema.parse(
        unwrap(await client.rpc("whatsapp_session_acquire", { ...claim })),
      );
      if ("held" in answer) return answer;
      const { id, epoch, contents } = answer;
      return { lease: { id, epoch, folder: claim.folder }, contents };
    },
    append: async ({ id, epoch }, { envelope, ...record }, lease_ms) =>
      appendedSchema.parse(
        unwrap(
          await client.rpc("whatsapp_session_append", {
            log_id: id,
            epoch,
            ...record,
            body: Buffer.from(envelope).toString("base64"),
            lease_ms,
          }),
        ),
      ),
    renew: async (leases, lease_ms) => {
      const claims = leases.map(({ id, epoch }) => ({ id, epoch }));
      return new Set(
        unwrap(await client.rpc("whatsapp_session_renew", { leases: claims, lease_ms })),
      );
    },
    publish: async ({ id, epoch }, snapshot, head) =>
      unwrap(
        await client.rpc("whatsapp_session_publish", {
          log_id: id,
          epoch,
          snapshot: { ...snapshot, ...(head === undefined ? {} : { head_hash: head.hash }) },
        }),
      ),
    release: async ({ id, epoch }, is_clean) =>
      unwrap(await client.rpc("whatsapp_session_release", { log_id: id, epoch, is_clean })),
    delete: async ({ id, epoch }) =>
      unwrap(await client.rpc("whatsapp_session_delete", { log_id: id, epoch })),
    read: async ({ tenant, session }) => {
      const found = unwrap(await client.rpc("whatsapp_session_read", { tenant, session }));
      return found === null ? null : contentsSchema.parse(found);
    },
    list: async () => listSchema.parse(unwrap(await client.rpc("whatsapp_session_list"))),
  };
}
