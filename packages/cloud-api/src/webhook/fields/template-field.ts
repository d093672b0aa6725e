import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import type { FieldParser } from "../context.ts";
import { invalidEvent } from "../other-event.ts";
import { optionalText } from "../scalars.ts";

/**
 * Meta's ids are JSON numbers, and some are larger than JSON.parse reads exactly. Such a one has been rounded to
 * another template's before it came here, and is no id.
 */
const NO_ID = "expected digits, or a number that can be read exactly";
const templateId = z.union(
  [z.string().regex(/^\d+$/, NO_ID), z.int().min(1).transform(String)],
  NO_ID,
);

const valueSchema = z.object({
  message_template_id: templateId,
  message_template_name: optionalText,
  message_template_language: optionalText,
  event: optionalText,
  reason: optionalText,
  new_quality_score: optionalText,
  message_template_category: optionalText,
  new_category: optionalText,
  correct_category: optionalText,
});

/**
 * The fields of templates. What the event says is told by the value and not by the field: Meta sends quality scores
 * under message_template_status_update too.
 */
export const parseTemplateField: FieldParser = ({ source, time, value, content, path }) => {
  const parsed = valueSchema.safeParse(value);
  if (!parsed.success) {
    return [invalidEvent(source, describeIssues(parsed.error, `${path}.value`), content)];
  }
  const template = parsed.data;
  // With correct_category the change is yet to come, and new_category is what the template has until then.
  const new_category = template.correct_category === null ? template.new_category : null;
  return [
    {
      kind: "template",
      ...source,
      template_id: template.message_template_id,
      name: template.message_template_name,
      language: template.message_template_language,
      status: template.event,
      reason: template.reason,
      quality: template.new_quality_score,
      category: new_category ?? template.message_template_category,
      timestamp: time,
      content: value,
    },
  ];
};
