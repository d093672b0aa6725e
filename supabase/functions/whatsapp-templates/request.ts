import {
  issuesOf,
  type OutboundIssue,
  parseTemplateDraft,
  type TemplateDraft,
} from "@wabase/cloud-api/outbound";
import { z } from "zod";

const waba_id = z
  .string()
  .regex(/^\d{1,32}$/, "must be Meta's id of the WhatsApp Business Account; correct it")
  .optional();

const requestSchema = z.discriminatedUnion(
  "action",
  [
    z.strictObject({ action: z.literal("create"), waba_id, template: z.unknown() }),
    z.strictObject({
      action: z.literal("delete"),
      waba_id,
      name: z.string("must be text; give the template's name").min(1, "is empty; give the name"),
      /** One language alone: without it the template goes in all. */
      template_id: z
        .string()
        .regex(/^\d{1,32}$/, "must be Meta's id; correct it")
        .optional(),
    }),
    z.strictObject({ action: z.literal("sync"), waba_id }),
    z.strictObject({ action: z.literal("sync_due") }),
  ],
  { error: "is not known; write create, delete or sync" },
);

type Parsed = z.output<typeof requestSchema>;

export type TemplatesRequest =
  | (Omit<Extract<Parsed, { action: "create" }>, "template"> & { draft: TemplateDraft })
  | Extract<Parsed, { action: "delete" | "sync" | "sync_due" }>
  | { action: "invalid"; issues: OutboundIssue[] };

/** Reads a request, and names every field that is wrong; those of a template begin with `template.`. */
export function parseTemplatesRequest(body: unknown): TemplatesRequest {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) return { action: "invalid", issues: issuesOf(parsed.error) };
  if (parsed.data.action !== "create") return parsed.data;
  const { template, ...request } = parsed.data;
  const draft = parseTemplateDraft(template);
  if (draft.ok) return { ...request, draft: draft.draft };
  const issues = draft.issues.map((issue) => ({
    ...issue,
    field: issue.field === "" ? "template" : `template.${issue.field}`,
  }));
  return { action: "invalid", issues };
}
