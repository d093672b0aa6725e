import { z } from "zod";
import { type JsonObject, type JsonValue } from "../json/json.ts";
import type { TemplateDraft } from "../template/draft.ts";
import { jsonObject } from "../webhook/scalars.ts";
import { checkId, withQuery } from "./graph-url.ts";
import { readBody, requestJson, type Connection } from "./request-json.ts";

/** A template as Meta keeps it; `components` and further keys as they come. */
export type ListedTemplate = JsonObject & {
  id: string;
  name: string;
  language: string;
  status: string;
  category: string;
  components: JsonValue[];
};

export interface TemplateListOptions {
  /** As in APPROVED. */
  status?: string;
  name?: string;
  /** From the page before. */
  after?: string;
  /** Templates a page, 1 to 250. */
  limit?: number;
}

export interface GraphTemplates {
  /** Hands a template in for review: parseTemplateDraft checks it first. */
  create(
    waba_id: string,
    draft: TemplateDraft,
  ): Promise<{ id: string; status: string; category: string }>;
  /** One page; `after` is null on the last. */
  list(
    waba_id: string,
    options?: TemplateListOptions,
  ): Promise<{ templates: ListedTemplate[]; after: string | null }>;
  get(template_id: string): Promise<ListedTemplate>;
  /** Removes a template in all languages, or with `template_id` in one. */
  remove(waba_id: string, options: { name: string; template_id?: string }): Promise<void>;
}

const FIELDS =
  "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason," +
  "previous_category,message_send_ttl_seconds";

const listedSchema = z.custom<ListedTemplate>((value) => {
  const keys = ["id", "name", "language", "status", "category"];
  const object = jsonObject.safeParse(value).data;
  return (
    object !== undefined &&
    keys.every((key) => typeof object[key] === "string") &&
    Array.isArray(object["components"])
  );
}, "expected a template with id, name, language, status, category and components");

const pageSchema = z.object({
  data: z.array(listedSchema),
  paging: z
    .object({
      cursors: z
        .object({ after: z.string().min(1).nullable().catch(null) })
        .nullable()
        .catch(null),
      next: z.string().min(1).nullable().catch(null),
    })
    .nullable()
    .catch(null),
});

const createdSchema = z.object({ id: z.string(), status: z.string(), category: z.string() });

export function createGraphTemplates(connection: Connection, root: string): GraphTemplates {
  const urlOf = (waba_id: string) => `${root}/${checkId("waba_id", waba_id)}/message_templates`;

  return {
    async create(waba_id, draft) {
      const url = urlOf(waba_id);
      return readBody(
        createdSchema,
        await requestJson(connection, { method: "POST", url, payload: draft }),
      );
    },
    async list(waba_id, { status, name, after, limit = 100 } = {}) {
      const query = { fields: FIELDS, limit: String(limit), status, name, after };
      const url = withQuery(urlOf(waba_id), query);
      const page = readBody(pageSchema, await requestJson(connection, { method: "GET", url }));
      const is_last = page.paging?.next === null || page.paging === null;
      return {
        templates: page.data,
        after: is_last ? null : (page.paging?.cursors?.after ?? null),
      };
    },
    async get(template_id) {
      const url = withQuery(`${root}/${checkId("template_id", template_id)}`, { fields: FIELDS });
      return readBody(listedSchema, await requestJson(connection, { method: "GET", url }));
    },
    async remove(waba_id, { name, template_id }) {
      const url = withQuery(urlOf(waba_id), { name, hsm_id: template_id });
      await requestJson(connection, { method: "DELETE", url });
    },
  };
}
