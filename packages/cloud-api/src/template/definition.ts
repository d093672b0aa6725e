import { z } from "zod";

// A template as Meta lists it (GET /{waba}/message_templates). Meta adds keys and kinds at any time: what is not
// known here is kept by whoever stores it, and not looked at.

const optionalText = z.string().nullish().catch(null);

/** Meta writes types in capitals where it lists them, and takes either where it is told. */
const type = z.string().transform((value) => value.toUpperCase());

const buttonSchema = z.object({
  type,
  text: optionalText,
  url: optionalText,
  otp_type: optionalText,
  phone_number: optionalText,
});

const componentSchema = z.object({
  type,
  format: type.nullish().catch(null),
  text: optionalText,
  buttons: z.array(buttonSchema).nullish().catch(null),
  limited_time_offer: z
    .object({ text: optionalText, has_expiration: z.boolean().nullish().catch(null) })
    .nullish()
    .catch(null),
});

const cardSchema = z.object({ components: z.array(componentSchema) });

const definitionSchema = z.object({
  name: z.string().min(1),
  language: z.string().min(1),
  category: z.string().nullish().catch(null),
  status: z.string().nullish().catch(null),
  parameter_format: z.string().nullish().catch(null),
  components: z.array(componentSchema.extend({ cards: z.array(cardSchema).nullish().catch(null) })),
});

export type TemplateDefinition = z.output<typeof definitionSchema>;
export type DefinedComponent = TemplateDefinition["components"][number];
export type DefinedButton = z.output<typeof buttonSchema>;

/** The parts of a listed template that a send depends on; null where it is none. Never throws. */
export function parseTemplateDefinition(value: unknown): TemplateDefinition | null {
  return definitionSchema.safeParse(value).data ?? null;
}

/** The component of this type, whatever its place. */
export function componentOf<Component extends { type: string }>(
  components: readonly Component[],
  wanted: string,
): Component | undefined {
  return components.find((component) => component.type === wanted);
}
