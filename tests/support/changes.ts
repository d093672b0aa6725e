import type postgres from "postgres";
import { expect } from "vitest";
import { createTenant, postWebhook, type TestTenant } from "./workbench.ts";

/** When things happen in fixtures: seconds since 1970. */
export const AT = 1_795_000_000;

export function at(offset = 0): string {
  return new Date((AT + offset) * 1000).toISOString();
}

export interface Change {
  field: string;
  value: Record<string, unknown>;
  /** For fields that speak of the account: when (entry.time). */
  time?: number;
}

/** A tenant whose number has a WABA, so that webhooks about the account reach it too. */
export interface Addressee extends TestTenant {
  waba_id: string;
}

/** The digits of the addressee's number, as Meta writes them. */
export const DISPLAY_PHONE_NUMBER = "15550100777";

export async function createAddressee(sql: postgres.Sql): Promise<Addressee> {
  const tenant = await createTenant(sql);
  const waba_id = String(Math.floor(Math.random() * 1e14));
  await sql`
    update public.whatsapp_numbers set waba_id = ${waba_id}, display_phone_number = '+1 555 010 0777'
    where id = ${tenant.number_id}`;
  return { ...tenant, waba_id };
}

/** Posts a change, and says what was kept of it instead of stored. */
export async function postChange(
  addressee: Addressee,
  { field, value, time }: Change,
): Promise<Record<string, number>> {
  const metadata = {
    display_phone_number: DISPLAY_PHONE_NUMBER,
    phone_number_id: addressee.phone_number_id,
  };
  const about = time === undefined ? { messaging_product: "whatsapp", metadata } : {};
  const entry = {
    id: addressee.waba_id,
    ...(time === undefined ? {} : { time }),
    changes: [{ field, value: { ...about, ...value } }],
  };
  const answer = await postWebhook(
    JSON.stringify({ object: "whatsapp_business_account", entry: [entry] }),
  );
  expect(answer.status).toBe(200);
  const { kept }: { kept: Record<string, number> } = await answer.json();
  return kept;
}

/** Posts, reads, posts again, and reads the same. */
export async function storedTwice<Row>(
  addressee: Addressee,
  change: Change,
  read: () => PromiseLike<Row>,
): Promise<Row> {
  expect(await postChange(addressee, change)).toEqual({});
  const first = await read();
  expect(await postChange(addressee, change)).toEqual({});
  expect(await read()).toEqual(first);
  return first;
}
