import { keepAlive } from "../_shared/keep-alive.ts";
import { createTemplatesHandler } from "./handler.ts";

Deno.serve(createTemplatesHandler(Deno.env.toObject(), keepAlive));
