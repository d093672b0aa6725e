import { MARA, createTestEmulator } from "../test-support.ts";

/** A body with two values. */
export const BODY = {
  type: "BODY",
  text: "Hello {{1}}, order {{2}} is on its way.",
  example: { body_text: [["Mara", "7"]] },
};
/** A template with it. */
export const ORDER = {
  name: "order_update",
  language: "en_US",
  category: "UTILITY" as const,
  components: [BODY],
};

/** A message of this template. */
export const template = (name: string, components: unknown[] = [], language = "en_US") => ({
  type: "template",
  template: { name, language: { code: language }, components },
});
export const text = (value: string, more: object = {}) => ({ type: "text", text: value, ...more });
/** The body's values, by their place. */
export const bodyOf = (...values: string[]) => ({
  type: "body",
  parameters: values.map((value) => text(value)),
});

/** An emulator with Mara, who has not written yet: templates alone reach her. */
export function start() {
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  return emulator;
}
