import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import { GraphFault } from "../graph/errors.ts";
import { type TemplateDefinition, readDefinition } from "../templates/definition.ts";
import {
  announceCategory,
  announceCorrectCategory,
  announceQuality,
  announceStatus,
} from "../templates/review.ts";
import { type Template, createTemplateId } from "../templates/template.ts";
import { templateChangesSchema, templateSchema } from "./inputs.ts";

/** Puts a template there as if Meta had approved it long ago; one of this name and language is replaced. */
export function addTemplate(core: Core, input: unknown): Template {
  const { status, waba_id, ...given } = templateSchema.parse(input);
  const account = waba_id ?? core.resolveNumber().waba_id;
  const known = core.templates.findByName(account, given.name, given.language);
  const template: Template = {
    ...checked(given),
    id: known?.id ?? createTemplateId(),
    waba_id: account,
    previous_category: null,
    status,
    quality: "UNKNOWN",
    rejected_reason: "NONE",
  };
  core.templates.put(template);
  return template;
}

/** What Graph would refuse is not put there either; examples are Graph's business. */
function checked(given: TemplateDefinition): TemplateDefinition {
  try {
    return readDefinition({ ...given, components: given.components.map(withExample) });
  } catch (error) {
    if (!(error instanceof GraphFault)) throw error;
    const { error_user_msg, error_data } = error.body.error;
    throw new EmulatorError("invalid_input", JSON.stringify(error_user_msg ?? error_data));
  }
}

function withExample(component: unknown): unknown {
  if (typeof component !== "object" || component === null) return component;
  return { example: {}, ...component };
}

/** The templates of one account, or of all, newest first. */
export function listTemplates(core: Core, waba_id?: string): Template[] {
  const accounts = new Set(core.store.numbers().map((number) => number.waba_id));
  return (waba_id === undefined ? [...accounts] : [waba_id]).flatMap((account) =>
    core.templates.list(account),
  );
}

/** What Meta does to a template; each change sends its webhook. */
export function changeTemplate(core: Core, key: string, input: unknown): Template {
  const { language, waba_id, correct_category, reason, rejection, ...changes } =
    templateChangesSchema.parse(input);
  const before = listTemplates(core, waba_id).find(
    ({ id, name, language: own }) =>
      id === key || (name === key && (language === undefined || own === language)),
  );
  if (!before) throw new EmulatorError("not_found", `no template ${key}`);
  const after: Template = {
    ...before,
    status: changes.status ?? before.status,
    quality: changes.quality ?? before.quality,
    category: changes.category ?? before.category,
    ...(changes.category !== undefined && { previous_category: before.category }),
    rejected_reason: reason ?? before.rejected_reason,
  };
  if (after.status === "DELETED") core.templates.remove(after.id);
  else core.templates.put(after);
  if (changes.status !== undefined) {
    announceStatus(core, after, { ...(reason !== undefined && { reason }), rejection });
  }
  if (changes.quality !== undefined) announceQuality(core, before, after);
  if (changes.category !== undefined) announceCategory(core, before, after);
  if (correct_category !== undefined) announceCorrectCategory(core, after, correct_category);
  return after;
}
