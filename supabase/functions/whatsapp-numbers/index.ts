import { createNumbersHandler } from "./handler.ts";

Deno.serve(createNumbersHandler(Deno.env.toObject()));
