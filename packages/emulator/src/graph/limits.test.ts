import { expect, test } from "vitest";
import type { BusinessNumber, LimitsConfig } from "../options.ts";
import { MARA, NUMBER_ID, createTestEmulator, send, sendOk } from "../test-support.ts";
import { createLimits } from "./limits.ts";

const NUMBER: BusinessNumber = {
  phone_number_id: "1",
  display_phone_number: "1",
  waba_id: "1",
  verified_name: "A",
};

function limitsAt(config: LimitsConfig) {
  const clock = { now: Date.UTC(2026, 10, 21) };
  const limits = createLimits({ now: () => clock.now, limits: () => config });
  const take = (recipient = "a", number = NUMBER) =>
    limits.take({ number, recipient, is_initiated: true });
  return { clock, limits, take };
}

const only = (limits: object): LimitsConfig => ({
  throughput: false,
  pair: null,
  portfolio: null,
  management_per_hour: null,
  ...limits,
});

test.each([
  [undefined, 80],
  [20, 20],
  [1000, 1000],
])("a number of throughput %s takes %i in any second, never more", (throughput, most) => {
  const { clock, take } = limitsAt(only({ throughput: true }));
  const number = { ...NUMBER, ...(throughput !== undefined && { throughput }) };
  for (let n = 0; n < most; n++) expect(take(`r${n}`, number)).toBeNull();
  expect(take("one more", number)).toBe(130429);
  clock.now += 999;
  expect(take("one more", number)).toBe(130429);
  clock.now += 1;
  expect(take("one more", number)).toBeNull();
});

test("messages in count against the same second, and a refused one does not", () => {
  const { limits, take } = limitsAt(only({ throughput: true }));
  const number = { ...NUMBER, throughput: 2 };
  limits.inbound(number);
  expect([take("a", number), take("b", number), take("c", number)]).toEqual([null, 130429, 130429]);
});

test("borrow: 45 within six seconds, then nothing until each is paid back with six", () => {
  const { clock, take } = limitsAt(only({ pair: "borrow" }));
  for (let n = 0; n < 45; n++) {
    expect(take()).toBeNull();
    clock.now += 100;
  }
  expect(take()).toBe(131056);
  expect(take("somebody else")).toBeNull();
  clock.now += 45 * 6000 - 4500 - 1;
  expect(take()).toBe(131056);
  clock.now += 1;
  expect(take()).toBeNull();
});

test("borrow: after a burst of 20 about two minutes pass", () => {
  const { clock, take } = limitsAt(only({ pair: "borrow" }));
  for (let n = 0; n < 20; n++) expect(take()).toBeNull();
  clock.now += 6000;
  expect(take()).toBe(131056);
  clock.now += 114_000;
  expect(take()).toBeNull();
});

test("borrow: one in six seconds goes on for ever", () => {
  const { clock, take } = limitsAt(only({ pair: "borrow" }));
  for (let n = 0; n < 1000; n++) {
    expect(take()).toBeNull();
    clock.now += 6000;
  }
});

test("bucket: 45 at any pace, and one more for every six seconds", () => {
  const { clock, take } = limitsAt(only({ pair: "bucket" }));
  for (let n = 0; n < 45; n++) expect(take()).toBeNull();
  expect(take()).toBe(131056);
  clock.now += 6000;
  expect([take(), take()]).toEqual([null, 131056]);
});

test("a portfolio reaches so many different people in 24 hours, over all its numbers", () => {
  const { clock, limits, take } = limitsAt(only({ portfolio: 2 }));
  const second = { ...NUMBER, phone_number_id: "2" };
  const elsewhere = { ...NUMBER, phone_number_id: "3", portfolio_id: "other" };
  expect([take("a"), take("a"), take("b", second), take("c")]).toEqual([null, null, null, 131048]);
  expect(take("c", elsewhere)).toBeNull();
  expect(limits.take({ number: NUMBER, recipient: "d", is_initiated: false })).toBeNull();
  clock.now += 24 * 60 * 60 * 1000;
  expect(take("c")).toBeNull();
});

test("calls to the account have a limit by the hour", () => {
  const { clock, limits } = limitsAt(only({ management_per_hour: 2 }));
  const answers = [1, 2, 3].map(() => limits.takeManagement("1"));
  expect(answers).toEqual([null, null, 80007]);
  clock.now += 60 * 60 * 1000;
  expect(limits.takeManagement("1")).toBeNull();
});

test("without configuration nothing is limited", async () => {
  const emulator = createTestEmulator({ now: () => 1_790_000_000_000 });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  for (let n = 0; n < 200; n++) await sendOk(emulator);
  expect(emulator.acceptedSummary()).toMatchObject({ total: 200, refused: {} });
});

test("limits hold for one number of a shared emulator, on a clock that stands still", async () => {
  const emulator = createTestEmulator();
  emulator.updateSettings({ clock_ms: 1_790_000_000_000 });
  emulator.changeNumber(NUMBER_ID, { limits: "meta", throughput: 20 });
  const template = { name: "hello_world", language: { code: "en_US" } };
  const answers = [];
  for (let n = 0; n < 21; n++) {
    const phone = `49170000000${n}`;
    emulator.addCustomer({ phone, name: "X" });
    answers.push(await send(emulator, { to: phone, type: "template", template }));
  }
  expect(answers.map(({ status }) => status)).toEqual([
    ...Array.from({ length: 20 }, () => 200),
    400,
  ]);
  expect(answers.at(-1)).toMatchObject({ body: { error: { code: 130429 } } });
  const { peaks, refused } = emulator.acceptedSummary();
  expect(peaks).toEqual([
    { phone_number_id: NUMBER_ID, window_ms: 1000, count: 20, from: 1_790_000_000_000 },
  ]);
  expect(refused).toEqual({ 130429: 1 });
});
