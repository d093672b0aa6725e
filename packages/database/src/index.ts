export type { Database, Json } from "./database.types.ts";
export { DatabaseError, unwrap } from "./unwrap.ts";
