import { freeObject, line, object, oneOf, text } from "../fields.ts";
import { say } from "../issues.ts";
import { MAX_FLOW_LABEL_CHARACTERS } from "../limits.ts";
import { bodySchema, footerSchema, headerSchema } from "./parts.ts";

const payloadSchema = object({
  /** The first screen. */
  screen: text(),
  data: freeObject().optional(),
});

const parametersSchema = object({
  flow_message_version: oneOf(["3"]),
  /** Comes back with the answer; Meta says "unused" where there is none. */
  flow_token: text().optional(),
  flow_id: text().optional(),
  flow_name: text().optional(),
  flow_cta: line(MAX_FLOW_LABEL_CHARACTERS),
  mode: oneOf(["draft", "published"]).optional(),
  flow_action: oneOf(["navigate", "data_exchange"]).optional(),
  flow_action_payload: payloadSchema.optional(),
}).superRefine(({ flow_id, flow_name, flow_action, flow_action_payload }, context) => {
  if ((flow_id === undefined) === (flow_name === undefined)) {
    const message = say("or flow_name must be given, and not both", "give the id of the flow");
    context.addIssue({ code: "custom", path: ["flow_id"], message });
  }
  if (flow_action === "data_exchange" && flow_action_payload !== undefined) {
    const message = say("belongs to flow_action navigate", "remove it: your endpoint answers it");
    context.addIssue({ code: "custom", path: ["flow_action_payload"], message });
  }
});

/** A form of several screens. */
export const flowMessageSchema = object({
  type: oneOf(["flow"]),
  header: headerSchema.optional(),
  body: bodySchema,
  footer: footerSchema.optional(),
  action: object({ name: oneOf(["flow"]), parameters: parametersSchema }),
});
