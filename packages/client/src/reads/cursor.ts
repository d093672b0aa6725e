/** Where a page of a list ends: opaque, to be given back to the function that answered it. */
export type Cursor = string;

/** What a list is ordered by: a time or a name as the database writes it, and the row's id. */
export interface Position {
  key: string;
  id: string;
}

export function encodeCursor({ key, id }: Position): Cursor {
  return `${id}${key}`;
}

const ID_LENGTH = 36;
const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** @throws RangeError for what no page has answered. */
export function decodeCursor(cursor: Cursor): Position {
  const id = cursor.slice(0, ID_LENGTH);
  if (!ID.test(id)) {
    throw new RangeError("cursor: is none that a page of this list has answered");
  }
  return { id, key: cursor.slice(ID_LENGTH) };
}

/** As `decodeCursor`, of a list that is ordered by time. */
export function decodeTimeCursor(cursor: Cursor): Position {
  const position = decodeCursor(cursor);
  if (Number.isNaN(Date.parse(position.key))) {
    throw new RangeError("cursor: is none that a page of this list has answered");
  }
  return position;
}
