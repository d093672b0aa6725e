import { createHash } from "node:crypto";
import { keepAlive } from "../_shared/keep-alive.ts";
import { createMediaHandler } from "./handler.ts";

const runtime = { keepAlive, createHash: () => createHash("sha256") };

Deno.serve(createMediaHandler(Deno.env.toObject(), runtime));
