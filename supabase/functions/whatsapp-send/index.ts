import { keepAlive } from "../_shared/keep-alive.ts";
import { createSendHandler } from "./handler.ts";

Deno.serve(createSendHandler(Deno.env.toObject(), keepAlive));
