import { checkUnique, line, list, object, oneOf, text } from "../fields.ts";
import { say } from "../issues.ts";
import {
  MAX_BUTTON_LABEL_CHARACTERS,
  MAX_LIST_BODY_CHARACTERS,
  MAX_LIST_ROWS,
  MAX_LIST_SECTIONS,
  MAX_ROW_DESCRIPTION_CHARACTERS,
  MAX_ROW_ID_CHARACTERS,
  MAX_ROW_TITLE_CHARACTERS,
  MAX_SECTION_TITLE_CHARACTERS,
} from "../limits.ts";
import { footerSchema, textHeaderSchema } from "./parts.ts";

const rowSchema = object({
  id: text({ max: MAX_ROW_ID_CHARACTERS }),
  title: line(MAX_ROW_TITLE_CHARACTERS),
  description: line(MAX_ROW_DESCRIPTION_CHARACTERS).optional(),
});

const sectionSchema = object({
  title: line(MAX_SECTION_TITLE_CHARACTERS).optional(),
  rows: list(rowSchema, 1, MAX_LIST_ROWS),
});

/** A button that opens a list of up to ten rows, in sections. */
export const listMessageSchema = object({
  type: oneOf(["list"]),
  header: textHeaderSchema.optional(),
  body: object({ text: text({ max: MAX_LIST_BODY_CHARACTERS }) }),
  footer: footerSchema.optional(),
  action: object({
    button: line(MAX_BUTTON_LABEL_CHARACTERS),
    sections: list(sectionSchema, 1, MAX_LIST_SECTIONS),
  }),
}).superRefine(({ action: { sections } }, context) => {
  const at = ["action", "sections"];
  const rows = sections.flatMap((section, index) =>
    section.rows.map((row, position) => ({
      path: [...at, index, "rows", position, "id"],
      value: row.id,
    })),
  );
  if (rows.length > MAX_LIST_ROWS) {
    const message = say(
      `have ${rows.length} rows together, ${MAX_LIST_ROWS} are allowed`,
      "take some out, or send two lists",
    );
    context.addIssue({ code: "custom", path: at, message });
  }
  checkUnique(context, rows, "id");
  for (const [index, { title }] of sections.entries()) {
    if (sections.length === 1 || title !== undefined) continue;
    const message = say("is missing", "name each section where there is more than one");
    context.addIssue({ code: "custom", path: [...at, index, "title"], message });
  }
});
