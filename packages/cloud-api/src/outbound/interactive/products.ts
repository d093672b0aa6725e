import { checkUnique, line, list, metaId, object, oneOf, text } from "../fields.ts";
import { say } from "../issues.ts";
import { MAX_PRODUCT_SECTIONS, MAX_PRODUCTS, MAX_SECTION_TITLE_CHARACTERS } from "../limits.ts";
import { bodySchema, footerSchema, textHeaderSchema } from "./parts.ts";
import type { z } from "zod";

const productItemSchema = object({ product_retailer_id: text() });

export const productSectionSchema = object({
  title: line(MAX_SECTION_TITLE_CHARACTERS).optional(),
  product_items: list(productItemSchema, 1, MAX_PRODUCTS),
});

type ProductSection = z.infer<typeof productSectionSchema>;

/** What holds for all sections together: 30 products, none twice, a title each where there is more than one. */
export function checkProductSections(
  sections: readonly ProductSection[],
  context: z.RefinementCtx,
  at: PropertyKey[],
): void {
  const items = sections.flatMap((section, index) =>
    section.product_items.map((item, position) => ({
      path: [...at, index, "product_items", position, "product_retailer_id"],
      value: item.product_retailer_id,
    })),
  );
  if (items.length > MAX_PRODUCTS) {
    const message = say(
      `have ${items.length} products together, ${MAX_PRODUCTS} are allowed`,
      "take some out",
    );
    context.addIssue({ code: "custom", path: at, message });
  }
  checkUnique(context, items, "product");
  for (const [index, { title }] of sections.entries()) {
    if (sections.length === 1 || title !== undefined) continue;
    const message = say("is missing", "name each section where there is more than one");
    context.addIssue({ code: "custom", path: [...at, index, "title"], message });
  }
}

/** One product of the catalog. */
export const productMessageSchema = object({
  type: oneOf(["product"]),
  body: bodySchema.optional(),
  footer: footerSchema.optional(),
  action: object({ catalog_id: metaId(), product_retailer_id: text() }),
});

/** Up to 30 products, in sections. */
export const productListSchema = object({
  type: oneOf(["product_list"]),
  header: textHeaderSchema,
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({
    catalog_id: metaId(),
    sections: list(productSectionSchema, 1, MAX_PRODUCT_SECTIONS),
  }),
}).superRefine(({ action }, context) => {
  checkProductSections(action.sections, context, ["action", "sections"]);
});

/** A button that opens the catalog. */
export const catalogMessageSchema = object({
  type: oneOf(["catalog_message"]),
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({
    name: oneOf(["catalog_message"]),
    parameters: object({ thumbnail_product_retailer_id: text().optional() }).optional(),
  }),
});
