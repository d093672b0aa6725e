import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";

/** supabase-js, with the publishable key and somebody signed in, or with the secret key. */
export type ReadClient = SupabaseClient<Database>;

type Tables = Database["public"]["Tables"];

export type MessageRow = Tables["whatsapp_messages"]["Row"];
export type ContactRow = Tables["whatsapp_contacts"]["Row"];
