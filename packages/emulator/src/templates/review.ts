import type { Core } from "../core.ts";
import { type WireObject, webhookBody } from "../wire/envelope.ts";
import type { Template, TemplateCategory } from "./template.ts";

/** What a status webhook may add. */
export interface StatusDetail {
  /** Default: `NONE`. */
  reason?: string | null;
  rejection?: { reason: string; recommendation: string } | undefined;
}

/** How Meta says that a template was paused, disabled or is back. */
const OTHER_INFO: { readonly [status: string]: string } = {
  DISABLED: "DISABLED",
  PAUSED: "FIRST_PAUSE",
  REINSTATED: "UNPAUSE",
};

const DAY_S = 24 * 60 * 60;

/** Approves a new template after the time that the settings give it. */
export function scheduleReview(core: Core, { id }: Template): void {
  const { template_review_ms } = core.settings.current;
  if (template_review_ms === null) return;
  core.timers.after(template_review_ms, () => {
    const template = core.templates.find(id);
    if (template?.status !== "PENDING") return;
    const approved: Template = { ...template, status: "APPROVED" };
    core.templates.put(approved);
    announceStatus(core, approved, {});
  });
}

/** The webhook of a new status. */
export function announceStatus(core: Core, template: Template, detail: StatusDetail): void {
  const { status } = template;
  const title = OTHER_INFO[status];
  const { reason = "NONE", rejection } = detail;
  announce(core, template, {
    field: "message_template_status_update",
    event: status,
    reason,
    message_template_category: template.category,
    ...(title !== undefined && { other_info: { title } }),
    ...(status === "DISABLED" && {
      disable_info: { disable_date: Math.floor(core.now() / 1000) },
    }),
    ...(rejection && { rejection_info: rejection }),
  });
}

/** The webhook of a new quality. */
export function announceQuality(core: Core, before: Template, after: Template): void {
  announce(core, after, {
    field: "message_template_quality_update",
    previous_quality_score: before.quality,
    new_quality_score: after.quality,
  });
}

/** The webhook of a category that has changed. */
export function announceCategory(core: Core, before: Template, after: Template): void {
  announce(core, after, {
    field: "template_category_update",
    previous_category: before.category,
    new_category: after.category,
  });
}

/** The webhook of a category that Meta will change tomorrow. */
export function announceCorrectCategory(
  core: Core,
  template: Template,
  correct_category: TemplateCategory,
): void {
  announce(core, template, {
    field: "template_category_update",
    new_category: template.category,
    correct_category,
    category_update_timestamp: Math.floor(core.now() / 1000) + DAY_S,
  });
}

function name(template: Template): WireObject {
  return {
    // A number, where ids elsewhere are strings: so Meta writes it.
    message_template_id: Number(template.id),
    message_template_name: template.name,
    message_template_language: template.language,
  };
}

function announce(core: Core, template: Template, change: { field: string } & WireObject): void {
  const { field, ...about } = change;
  const time = Math.floor(core.now() / 1000);
  const value = { ...name(template), ...about };
  core.sender.enqueue(webhookBody(template.waba_id, value, { field, time }));
}
