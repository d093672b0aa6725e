import type { TemplateComponent, TemplatePart } from "../outbound/template/template.ts";
import { componentOf, type TemplateDefinition } from "./definition.ts";
import { fillIn } from "./variables.ts";

/**
 * What a person reads of a template: header, body and footer with the parameters filled in, a line each. Media,
 * buttons and cards are left out. A variable without a value stays as `{{1}}`.
 */
export function renderTemplate(definition: TemplateDefinition, template: TemplatePart): string {
  const lines = ["HEADER", "BODY", "FOOTER"].map((type) => {
    const text = componentOf(definition.components, type)?.text ?? "";
    return fillIn(text, parametersOf(template.components ?? [], type));
  });
  return lines.filter((line) => line !== "").join("\n");
}

function parametersOf(components: readonly TemplateComponent[], type: string) {
  const component = components.find((candidate) => candidate.type.toUpperCase() === type);
  return component?.type === "header" || component?.type === "body" ? component.parameters : [];
}
