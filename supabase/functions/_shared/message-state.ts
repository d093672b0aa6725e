import { z } from "zod";

export const messageStateSchema = z.object({
  id: z.string(),
  conversation_id: z.string(),
  status: z.string(),
  wamid: z.string().nullable(),
  error: z.looseObject({}).nullish(),
});

/** A message as its sender is told of it. */
export type MessageState = z.infer<typeof messageStateSchema>;
