import { createHmac, randomUUID } from "node:crypto";
import { people, publicClient, signIn, type Stack } from "@wabase/local";
import type postgres from "postgres";

/** Who tries. The order is that of the matrix's columns. */
export const ACTORS = [
  "anon",
  "stranger",
  "contact",
  "viewer",
  "agent",
  "assigned",
  "admin",
  "other admin",
  "service",
] as const;

export type ActorName = (typeof ACTORS)[number];

export interface Actor {
  name: ActorName;
  /** Null: nobody's account. */
  user_id: string | null;
  email: string | null;
  headers: Record<string, string>;
}

export type Actors = Record<ActorName, Actor>;

/** Where the API is. */
export type Place = Pick<Stack, "url" | "keys">;

/** Everybody with a real token; the tenant's members are made by the fixture. */
export async function createActors(place: Place, sql: postgres.Sql): Promise<Actors> {
  const { keys } = place;
  const person = async (name: ActorName): Promise<Actor> => {
    const email = `${randomUUID()}@example.test`;
    const client = publicClient(place);
    const { data } = await client.auth.signUp({ email, password: people.DEMO_PASSWORD });
    const session = await (await signIn(place, email)).auth.getSession();
    const token = session.data.session?.access_token ?? "";
    const headers = { apikey: keys.publishable_key, authorization: `Bearer ${token}` };
    return { name, user_id: data.user?.id ?? null, email, headers };
  };
  const [stranger, contact, viewer, agent, assigned, admin, otherAdmin] = await Promise.all([
    person("stranger"),
    person("contact"),
    person("viewer"),
    person("agent"),
    person("assigned"),
    person("admin"),
    person("other admin"),
  ]);
  return {
    anon: { name: "anon", user_id: null, email: null, headers: { apikey: keys.publishable_key } },
    stranger,
    contact: await provePhone(sql, contact, { phone: CONTACT_PHONE, keys }),
    viewer,
    agent,
    assigned,
    admin,
    "other admin": otherAdmin,
    service: { name: "service", user_id: null, email: null, headers: { apikey: keys.secret_key } },
  };
}

export const CONTACT_PHONE = "491709999999";

interface Proof {
  phone: string;
  keys: Place["keys"];
}

/** Supabase Lite knows no phones: the account's is set here, and the token is made as GoTrue makes it. */
export async function provePhone(
  sql: postgres.Sql,
  actor: Actor,
  { phone, keys }: Proof,
): Promise<Actor> {
  const { user_id, email } = actor;
  await sql`update auth.users set phone = ${phone}, phone_confirmed_at = now() where id = ${user_id}`;
  const token = signToken(keys.jwt_secret, {
    sub: user_id,
    email,
    phone,
    role: "authenticated",
    aud: "authenticated",
  });
  return {
    ...actor,
    headers: { apikey: keys.publishable_key, authorization: `Bearer ${token}` },
  };
}

/** A token as Supabase Auth signs it, for an hour. */
export function signToken(jwt_secret: string, claims: Record<string, unknown>): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ ...claims, exp })}`;
  return `${text}.${createHmac("sha256", jwt_secret).update(text).digest("base64url")}`;
}
