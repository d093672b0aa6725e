import { expect, test } from "vitest";
import { createLedger } from "./ledger.ts";
import type { LedgerEntry } from "./types.ts";

const START = Date.UTC(2026, 10, 21);
let count = 0;

function entry(at: number, more: Partial<LedgerEntry> = {}): LedgerEntry {
  count += 1;
  return {
    id: `wamid.${count}`,
    phone_number_id: "1",
    endpoint: "messages",
    recipient_type: "individual",
    input: "+491701234567",
    phone: "491701234567",
    type: "text",
    template: null,
    message_status: "accepted",
    biz_opaque_callback_data: null,
    accepted_at: START + at,
    body: {},
    ...more,
  };
}

function ledgerOf(entries: readonly LedgerEntry[], keep: number | null = null) {
  const ledger = createLedger(() => keep);
  for (const one of entries) ledger.add(one);
  return ledger;
}

test("what was accepted twice under one callback id is named, with both ids", () => {
  const entries = ["a", "b", "a", null].map((biz_opaque_callback_data) =>
    entry(0, { biz_opaque_callback_data }),
  );
  expect(ledgerOf(entries).summary({})).toMatchObject({
    total: 4,
    by_callback: { a: 2, b: 1 },
    more_than_once: [
      { biz_opaque_callback_data: "a", count: 2, ids: [entries[0]?.id, entries[2]?.id] },
    ],
    without_callback: 1,
  });
});

test("the fullest window is found wherever it begins, and its end is not part of it", () => {
  const ledger = ledgerOf([0, 900, 1000, 1500, 1899, 1900].map((at) => entry(at)));
  expect(ledger.summary({}).peaks).toEqual([
    { phone_number_id: "1", window_ms: 1000, count: 4, from: START + 900 },
  ]);
  expect(ledger.summary({ window_ms: 100 }).peaks).toMatchObject([{ count: 2 }]);
});

test("each number has its own peak", () => {
  const ledger = ledgerOf([entry(0), entry(1), entry(2, { phone_number_id: "2" })]);
  expect(ledger.summary({}).peaks).toMatchObject([
    { phone_number_id: "1", count: 2 },
    { phone_number_id: "2", count: 1 },
  ]);
});

test("the hardest pressed recipient is the one whose bucket was fullest", () => {
  const other = { phone: "491709999999", input: "491709999999" };
  const ledger = ledgerOf([
    entry(0),
    entry(1000, other),
    entry(2000, other),
    entry(8000, other),
    entry(60_000),
  ]);
  expect(ledger.summary({}).pair_peak).toEqual({
    phone_number_id: "1",
    recipient: "491709999999",
    in_6s: 2,
    debt: expect.closeTo(1 + 5 / 6, 5),
  });
});

test("entries are found by number, recipient, callback, template and time", () => {
  const ledger = ledgerOf([
    entry(0, { biz_opaque_callback_data: "a" }),
    entry(10, { template: "sale", phone: null, input: "DE.1" }),
    entry(20, { phone_number_id: "2" }),
  ]);
  const found = (filter: Parameters<typeof ledger.list>[0]) =>
    ledger.list(filter).map(({ accepted_at }) => accepted_at - START);
  expect(found({ biz_opaque_callback_data: "a" })).toEqual([0]);
  expect(found({ recipient: "491701234567" })).toEqual([0, 20]);
  expect(found({ recipient: "DE.1" })).toEqual([10]);
  expect(found({ template: "sale" })).toEqual([10]);
  expect(found({ phone_number_id: "2" })).toEqual([20]);
  expect(found({ since: START + 10 })).toEqual([10, 20]);
  expect(found({ limit: 1 })).toEqual([20]);
});

test("refusals are counted by code, for one number or all", () => {
  const ledger = createLedger(() => null);
  ledger.refused("1", 130429);
  ledger.refused("1", 130429);
  ledger.refused("2", 190);
  expect(ledger.summary({}).refused).toEqual({ 130429: 2, 190: 1 });
  expect(ledger.summary({ phone_number_id: "2" }).refused).toEqual({ 190: 1 });
});

test("a bounded ledger keeps the newest, and counts all", () => {
  const ledger = ledgerOf(
    Array.from({ length: 1000 }, (_, at) => entry(at)),
    10,
  );
  expect(ledger.total()).toBe(1000);
  expect(ledger.list().map(({ accepted_at }) => accepted_at - START)).toEqual([
    990, 991, 992, 993, 994, 995, 996, 997, 998, 999,
  ]);
});
