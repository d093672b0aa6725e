import { createSendHandler } from "./handler.ts";

Deno.serve(createSendHandler(Deno.env.toObject()));
