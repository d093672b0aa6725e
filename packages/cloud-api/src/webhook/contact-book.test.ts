import { expect, test } from "vitest";
import { createContactBook } from "./contact-book.ts";
import { ADA, BORIS } from "./test-bodies.ts";

const nobody = { phone: null, bsuid: null, parent_bsuid: null };
const unknown = { ...nobody, username: null, profile_name: null };

test("finds by user id first, then by phone, and fills in what was not said", () => {
  const book = createContactBook([ADA, BORIS]);
  expect(book.identify({ ...nobody, bsuid: "SE.222" })).toEqual({
    phone: "4670111222",
    bsuid: "SE.222",
    parent_bsuid: "SE.ENT.2",
    username: "boris.l",
    profile_name: "Boris Lund",
  });
  expect(book.identify({ ...nobody, phone: "4670111222" }).bsuid).toBe("SE.222");
  expect(book.identify({ ...nobody, phone: "4915155501" }).profile_name).toBe("Ada Brandt");
});

test("what the message itself says stands before the entry", () => {
  const book = createContactBook([BORIS]);
  const known = { phone: "4670999999", bsuid: "SE.222", parent_bsuid: "SE.ENT.7" };
  expect(book.identify(known)).toMatchObject(known);
});

test("a stranger among several people gets no name", () => {
  const book = createContactBook([ADA, BORIS]);
  expect(book.identify({ ...nobody, phone: "111" })).toEqual({ ...unknown, phone: "111" });
  expect(book.identify(nobody)).toEqual(unknown);
});

test("the only entry is taken for whoever is not somebody else", () => {
  const book = createContactBook([BORIS]);
  expect(book.identify(nobody)).toMatchObject({ phone: "4670111222", bsuid: "SE.222" });
  expect(book.identify({ ...nobody, phone: "111" })).toEqual({ ...unknown, phone: "111" });
  expect(book.identify({ ...nobody, bsuid: "DE.9" })).toEqual({ ...unknown, bsuid: "DE.9" });
});

test("a phone that has passed to another person does not bring the first one's name", () => {
  const book = createContactBook([BORIS]);
  const known = { ...nobody, phone: "4670111222", bsuid: "SE.333" };
  expect(book.identify(known)).toEqual({ ...unknown, ...known });
});

test.each([undefined, null, "x", {}, [], [null], [5], [{}], [{ profile: "x", wa_id: "ID" }]])(
  "contacts of %j name nobody, and do not throw",
  (contacts) => {
    const book = createContactBook(contacts);
    expect(book.identify({ ...nobody, phone: "111" })).toEqual({ ...unknown, phone: "111" });
  },
);
