import { keepAlive } from "../_shared/keep-alive.ts";
import { createDispatchHandler } from "./handler.ts";

Deno.serve(createDispatchHandler(Deno.env.toObject(), keepAlive));
