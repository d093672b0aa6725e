/** What supabase-js puts into `error`; `code` is Postgres' SQLSTATE, PostgREST's PGRST…, or "" (no answer). */
export interface PostgrestFailure {
  code: string;
  message: string;
  details: string | null;
  hint: string | null;
}

/** The database, or the API in front of it, said no or did not answer. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  /** SQLSTATE, PGRST…, or "" where nothing answered. */
  readonly code: string;
  readonly hint: string | null;
  readonly http_status: number;

  constructor(failure: PostgrestFailure, http_status: number) {
    super(failure.message);
    this.code = failure.code;
    this.hint = failure.hint;
    this.http_status = http_status;
  }
}

/** What supabase-js answers. */
type Answer<Data> = { status: number } & (
  | { data: Data; error: null }
  | { data: null; error: PostgrestFailure }
);

/** The data of a supabase-js answer. @throws DatabaseError where it holds an error instead. */
export function unwrap<Data>(answer: Answer<Data>): Data {
  if (answer.error !== null) throw new DatabaseError(answer.error, answer.status);
  return answer.data;
}
