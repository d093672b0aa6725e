import { expect, test } from "vitest";
import { type FaultRequest, createFaultBook, faultsSchema } from "./faults.ts";

const plan = (input: unknown) => {
  const book = createFaultBook();
  book.add(faultsSchema.parse(input));
  return book;
};

const REQUEST: FaultRequest = {
  endpoint: "messages",
  phone_number_id: "1",
  recipients: ["491701234567", "DE.1"],
  template: "sale",
  type: "template",
  biz_opaque_callback_data: "m-1",
};

test.each([
  [{}, true],
  [{ endpoint: "any" }, true],
  [{ endpoint: "media_upload" }, false],
  [{ phone_number_id: "1" }, true],
  [{ phone_number_id: "2" }, false],
  [{ recipient: "+49 170 1234567" }, true],
  [{ recipient: "491701234567" }, true],
  [{ recipient: "DE.1" }, true],
  [{ recipient: "DE.2" }, false],
  [{ template: "sale", type: "template" }, true],
  [{ template: "other" }, false],
  [{ biz_opaque_callback_data: "m-1" }, true],
  [{ biz_opaque_callback_data: "m-2" }, false],
])("a fault for %j strikes: %s", (fault, strikes) => {
  expect(plan(fault).take(REQUEST) !== undefined).toBe(strikes);
});

test("the first that fits is taken, so often as it says, and the others stay", () => {
  const book = plan([
    { code: 1, phone_number_id: "2" },
    { code: 2, times: 2 },
    { code: 4, skip: 1 },
    { code: 190, times: null },
  ]);
  const codes = Array.from({ length: 6 }, () => book.take(REQUEST)?.code);
  expect(codes).toEqual([2, 2, 190, 4, 190, 190]);
  expect(book.list()).toMatchObject([
    { code: 1, times: 1, fired: 0 },
    { code: 190, times: null, fired: 3 },
  ]);
});

test("a probability is drawn from the seed: the same seed strikes the same requests", () => {
  const draws = (seed: number) => {
    const book = plan({ probability: 0.3, times: null, seed });
    return Array.from({ length: 1000 }, () => book.take(REQUEST) !== undefined);
  };
  expect(draws(7)).toEqual(draws(7));
  expect(draws(7)).not.toEqual(draws(8));
  const struck = draws(7).filter(Boolean).length;
  expect(struck).toBeGreaterThan(230);
  expect(struck).toBeLessThan(370);
});

test("what breaks before the body is read is apart from what is decided after", () => {
  const book = plan({ how: "reset", times: null });
  expect(book.take(REQUEST)).toBeUndefined();
  expect(book.takeReset({ endpoint: "messages" })).toMatchObject({ how: "reset", fired: 1 });
});

test("one plan can be taken back without the others", () => {
  const book = plan([{ code: 1 }, { code: 2 }]);
  const [first] = book.list();
  expect(book.remove(first?.id)).toBe(true);
  expect(book.remove(first?.id)).toBe(false);
  expect(book.list()).toMatchObject([{ code: 2 }]);
});
