import { Hono } from "hono";
import { z } from "zod";
import type { Core } from "../core.ts";
import { readComponents, readDefinition } from "../templates/definition.ts";
import { announceStatus, scheduleReview } from "../templates/review.ts";
import { type Template, createTemplateId } from "../templates/template.ts";
import { readPart } from "./check/part.ts";
import { GraphFault, unknownObject } from "./errors.ts";
import { graphJson } from "./graph-json.ts";
import { underFault } from "./under-fault.ts";

const DEFAULT_PAGE = 25;
const MAX_PAGE = 1000;

const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).catch(DEFAULT_PAGE),
  after: z.string().optional(),
  before: z.string().optional(),
  name: z.string().optional(),
  status: z.string().optional(),
  category: z.string().optional(),
  language: z.string().optional(),
  fields: z.string().optional(),
});
type Query = z.output<typeof querySchema>;

/** Meta's template management: `/{waba_id}/message_templates` and `/{template_id}`, below the version. */
export function templateRoutes(core: Core): Hono {
  const app = new Hono();
  app.use("/:waba/message_templates", async (c, next) => {
    const waba_id = c.req.param("waba");
    if (!core.store.numbers().some((number) => number.waba_id === waba_id)) {
      throw unknownObject(waba_id);
    }
    const code = core.limits.takeManagement(waba_id);
    if (code !== null) throw new GraphFault(code);
    await next();
  });
  app.get("/:waba/message_templates", async (c) =>
    underFault(core, { endpoint: "templates" }, () => {
      const query = querySchema.parse(c.req.query());
      return graphJson(listPage(core.templates.list(c.req.param("waba")), query, c.req.url));
    }),
  );
  app.post("/:waba/message_templates", async (c) => {
    const definition = readDefinition(await c.req.json().catch(() => null));
    return underFault(core, { endpoint: "templates", template: definition.name }, () =>
      graphJson(createTemplate(core, c.req.param("waba"), definition)),
    );
  });
  app.delete("/:waba/message_templates", async (c) => {
    const { name = "", hsm_id } = c.req.query();
    return underFault(core, { endpoint: "templates", template: name }, () =>
      graphJson(deleteTemplates(core, c.req.param("waba"), { name, hsm_id })),
    );
  });
  app.get("/:id", async (c, next) => {
    const template = core.templates.find(c.req.param("id"));
    if (template) return graphJson(pick(template, querySchema.parse(c.req.query())));
    await next();
    return undefined;
  });
  app.post("/:id", async (c, next) => {
    const template = core.templates.find(c.req.param("id"));
    if (template) {
      const body: unknown = await c.req.json().catch(() => null);
      return graphJson(editTemplate(core, template, body));
    }
    await next();
    return undefined;
  });
  return app;
}

function createTemplate(
  core: Core,
  waba_id: string,
  definition: ReturnType<typeof readDefinition>,
) {
  const { name, language } = definition;
  if (core.templates.findByName(waba_id, name, language)) {
    throw new GraphFault(100, {
      message: "Invalid parameter",
      subcode: 2388024,
      user: {
        title: "Content in this language already exists",
        message: `There is already ${language} content for this template.`,
      },
    });
  }
  const template: Template = {
    ...definition,
    id: createTemplateId(),
    waba_id,
    previous_category: null,
    status: "PENDING",
    quality: "UNKNOWN",
    rejected_reason: "NONE",
  };
  core.templates.put(template);
  scheduleReview(core, template);
  const { id, status, category } = template;
  return { id, status, category };
}

function editTemplate(core: Core, template: Template, body: unknown) {
  const components = readComponents(readPart(body, ""), template);
  const edited: Template = { ...template, components, status: "PENDING" };
  core.templates.put(edited);
  scheduleReview(core, edited);
  return { success: true };
}

function deleteTemplates(
  core: Core,
  waba_id: string,
  { name, hsm_id }: { name: string; hsm_id: string | undefined },
) {
  const found = core.templates
    .list(waba_id)
    .filter((one) => one.name === name && (hsm_id === undefined || one.id === hsm_id));
  if (found.length === 0) {
    throw new GraphFault(100, {
      subcode: 2593002,
      message: "Invalid parameter",
      user: { title: "Message template not found", message: `There is no template ${name}.` },
    });
  }
  for (const template of found) {
    core.templates.remove(template.id);
    announceStatus(core, { ...template, status: "DELETED" }, { reason: null });
  }
  return { success: true };
}

/** One page, with cursors that count from the newest. */
function listPage(templates: readonly Template[], query: Query, url: string) {
  const found = templates.filter((template) => fits(template, query));
  const start =
    query.before === undefined
      ? readCursor(query.after)
      : Math.max(0, readCursor(query.before) - query.limit);
  const page = found.slice(start, start + query.limit);
  const end = start + page.length;
  const next = new URL(url);
  next.searchParams.set("after", writeCursor(end));
  next.searchParams.delete("before");
  return {
    data: page.map((template) => pick(template, query)),
    ...(page.length > 0 && {
      paging: {
        cursors: { before: writeCursor(start), after: writeCursor(end) },
        ...(end < found.length && { next: next.href }),
      },
    }),
  };
}

function fits(template: Template, { name, status, category, language }: Query): boolean {
  return (
    // Meta finds parts of names.
    (name === undefined || template.name.includes(name)) &&
    (status === undefined || template.status === status.toUpperCase()) &&
    (category === undefined || template.category === category.toUpperCase()) &&
    (language === undefined || template.language === language)
  );
}

const writeCursor = (position: number) => Buffer.from(String(position)).toString("base64url");
const readCursor = (cursor: string | undefined) => {
  const position = Number(Buffer.from(cursor ?? "", "base64url").toString());
  return Number.isInteger(position) && position > 0 ? position : 0;
};

/** A template as Graph shows it: all of it, or the fields that were asked for. */
function pick(template: Template, { fields }: Query): { [field: string]: unknown } {
  const { name, parameter_format, components, language, status, category, id } = template;
  const shown = {
    name,
    parameter_format,
    components,
    language,
    status,
    category,
    id,
    ...(template.previous_category && { previous_category: template.previous_category }),
  };
  if (fields === undefined) return shown;
  const all: { [field: string]: unknown } = {
    ...shown,
    rejected_reason: template.rejected_reason,
    quality_score: { score: template.quality, date: 0 },
  };
  const names = [...fields.split(",").map((field) => field.trim()), "id"];
  return Object.fromEntries(names.filter((one) => one in all).map((one) => [one, all[one]]));
}
