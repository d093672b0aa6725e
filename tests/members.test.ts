import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { conversationHere } from "./support/outbox.ts";
import {
  anonClient,
  connect,
  createTenant,
  serviceClient,
  signUpSomebody,
  type TestTenant,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

const invitationSchema = z.object({ id: z.string(), token: z.string(), expires_at: z.string() });

async function emailOf(user_id: string): Promise<string> {
  const [row] = await sql<{ email: string }[]>`select email from auth.users where id = ${user_id}`;
  return row?.email ?? "";
}

async function invite(email: string, role: "admin" | "agent" | "viewer" = "agent") {
  const { tenant_id } = tenant;
  const { data } = await tenant.admin
    .rpc("whatsapp_invite_member", { tenant_id, email, role })
    .throwOnError();
  return invitationSchema.parse(data);
}

describe("an invitation", () => {
  test("makes a member of who holds the token and has the address, once", async () => {
    const guest = await signUpSomebody();
    const { token } = await invite((await emailOf(guest.user_id)).toUpperCase(), "viewer");
    const accepted = await guest.client.rpc("whatsapp_accept_invitation", { token });
    expect(accepted.data).toEqual({ tenant_id: tenant.tenant_id, role: "viewer" });
    const { data } = await guest.client.from("whatsapp_tenants").select("id");
    expect(data).toEqual([{ id: tenant.tenant_id }]);
    const again = await guest.client.rpc("whatsapp_accept_invitation", { token });
    expect(again.error?.code).toBe("42501");
  });

  test("is refused to another address, in the words that a wrong token gets", async () => {
    const [guest, thief] = await Promise.all([signUpSomebody(), signUpSomebody()]);
    const { token } = await invite(await emailOf(guest.user_id));
    const stolen = await thief.client.rpc("whatsapp_accept_invitation", { token });
    const guessed = await thief.client.rpc("whatsapp_accept_invitation", { token: "guessed" });
    expect(stolen.error?.code).toBe("42501");
    expect(stolen.error).toEqual(guessed.error);
  });

  test("is refused to an address that is not confirmed", async () => {
    const guest = await signUpSomebody();
    const { token } = await invite(await emailOf(guest.user_id));
    await sql`update auth.users set email_confirmed_at = null where id = ${guest.user_id}`;
    const { error } = await guest.client.rpc("whatsapp_accept_invitation", { token });
    expect(error?.code).toBe("42501");
  });

  test("holds for 7 days", async () => {
    const guest = await signUpSomebody();
    const { id, token, expires_at } = await invite(await emailOf(guest.user_id));
    const days = (Date.parse(expires_at) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThan(7.1);
    await sql`update public.whatsapp_invitations set expires_at = now() where id = ${id}`;
    const { error } = await guest.client.rpc("whatsapp_accept_invitation", { token });
    expect(error?.code).toBe("42501");
  });

  test("ends when it is withdrawn, and when the same person is invited anew", async () => {
    const guest = await signUpSomebody();
    const email = await emailOf(guest.user_id);
    const [first, second] = [await invite(email), await invite(email)];
    await tenant.admin
      .rpc("whatsapp_withdraw_invitation", { invitation_id: second.id })
      .throwOnError();
    for (const { token } of [first, second]) {
      const { error } = await guest.client.rpc("whatsapp_accept_invitation", { token });
      expect(error?.code).toBe("42501");
    }
  });

  test("shows its token to the admin who invites, and to nobody afterwards", async () => {
    const { id, token } = await invite("someone@example.test");
    const { data } = await tenant.admin.from("whatsapp_invitations").select("*").eq("id", id);
    expect(data).toHaveLength(1);
    expect(JSON.stringify(data)).not.toContain(token);
    const [stored] = await sql<{ text: string }[]>`
      select string_agg(tokens::text, '') as text from wabase.invitation_tokens as tokens`;
    expect(stored?.text).not.toContain(token);
  });

  test("is for admins to make", async () => {
    const { tenant_id } = tenant;
    for (const client of [tenant.agent, tenant.viewer, (await signUpSomebody()).client]) {
      const email = "x@example.test";
      const { error } = await client.rpc("whatsapp_invite_member", {
        tenant_id,
        email,
        role: "admin",
      });
      expect(error?.code).toBe("42501");
    }
    const { error } = await tenant.admin.rpc("whatsapp_invite_member", {
      tenant_id,
      email: "no address",
      role: "admin",
    });
    expect(error).toMatchObject({ code: "22023", message: "email: is not an e-mail address" });
  });
});

describe("a member who is removed", () => {
  test("sees nothing from the next request on, with the token that they still have", async () => {
    const place = await createTenant(sql);
    const { conversation_id } = await conversationHere(sql, place);
    const { tenant_id, user_ids, agent } = place;
    await agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    expect((await agent.from("whatsapp_messages").select("id")).data).toHaveLength(1);

    await place.admin
      .rpc("whatsapp_remove_member", { tenant_id, user_id: user_ids.agent })
      .throwOnError();
    const tables = [
      "whatsapp_messages",
      "whatsapp_conversations",
      "whatsapp_contacts",
      "whatsapp_numbers",
      "whatsapp_tenants",
      "whatsapp_members",
    ] as const;
    for (const table of tables) {
      expect((await agent.from(table).select("*")).data).toEqual([]);
    }
    const note = await agent.rpc("whatsapp_add_note", { conversation_id, body: "still here?" });
    expect(note.error?.code).toBe("42501");
  });

  test("leaves what they had taken to the queue, their teams, and no open invitation", async () => {
    const place = await createTenant(sql);
    const { tenant_id, user_ids, admin } = place;
    const { conversation_id } = await conversationHere(sql, place);
    const { data: team } = await admin
      .from("whatsapp_teams")
      .insert({ tenant_id, name: "Bread" })
      .select("id")
      .single()
      .throwOnError();
    await admin
      .from("whatsapp_team_members")
      .insert({ tenant_id, team_id: team.id, user_id: user_ids.agent })
      .throwOnError();
    const email = await emailOf(user_ids.agent);
    const { data: invited } = await admin
      .rpc("whatsapp_invite_member", { tenant_id, email, role: "admin" })
      .throwOnError();
    await place.agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    await admin
      .rpc("whatsapp_remove_member", { tenant_id, user_id: user_ids.agent })
      .throwOnError();

    const { data: conversation } = await admin
      .from("whatsapp_conversations")
      .select("assignee_id, team_id")
      .single()
      .throwOnError();
    expect(conversation).toEqual({ assignee_id: null, team_id: null });
    expect((await admin.from("whatsapp_team_members").select("*")).data).toEqual([]);
    const { token } = invitationSchema.parse(invited);
    const back = await place.agent.rpc("whatsapp_accept_invitation", { token });
    expect(back.error?.code).toBe("42501");
  });

  test("whose account is deleted leaves the conversations too", async () => {
    const place = await createTenant(sql);
    const { conversation_id } = await conversationHere(sql, place);
    await place.agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    await sql`delete from auth.users where id = ${place.user_ids.agent}`;
    const { data } = await place.admin.from("whatsapp_conversations").select("assignee_id");
    expect(data).toEqual([{ assignee_id: null }]);
  });
});

describe("the last admin", () => {
  test("is neither removed nor demoted, by whomever", async () => {
    const { tenant_id, user_ids, admin } = tenant;
    for (const client of [admin, serviceClient()]) {
      const args = { tenant_id, user_id: user_ids.admin };
      const removed = await client.rpc("whatsapp_remove_member", args);
      const demoted = await client.rpc("whatsapp_change_member_role", { ...args, role: "agent" });
      for (const { error } of [removed, demoted]) {
        expect(error).toMatchObject({
          code: "22023",
          message: "user_id: is the last admin of this tenant",
        });
      }
    }
  });

  test.each(["remove", "demote", "one each"] as const)(
    "of two who %s each other at once, one stays",
    async (how) => {
      for (let round = 0; round < 8; round += 1) {
        const place = await createTenant(sql);
        const { tenant_id, user_ids } = place;
        await sql`
          update public.whatsapp_members set role = 'admin' where user_id = ${user_ids.agent}`;
        const act = (client: typeof place.admin, user_id: string, remove: boolean) =>
          remove
            ? client.rpc("whatsapp_remove_member", { tenant_id, user_id })
            : client.rpc("whatsapp_change_member_role", { tenant_id, user_id, role: "viewer" });
        const answers = await Promise.all([
          act(place.admin, user_ids.agent, how !== "demote"),
          act(place.agent, user_ids.admin, how === "remove"),
        ]);
        const [row] = await sql<{ admins: number }[]>`
          select count(*)::int as admins from public.whatsapp_members
          where tenant_id = ${tenant_id} and role = 'admin'`;
        expect(row?.admins).toBe(1);
        expect(answers.filter(({ error }) => error === null)).toHaveLength(1);
      }
    },
  );
});

describe("a role", () => {
  test("is changed by admins, and counts from the next request on", async () => {
    const place = await createTenant(sql);
    const { tenant_id, user_ids } = place;
    const { conversation_id } = await conversationHere(sql, place);
    await place.agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    const { error: refused } = await place.agent.rpc("whatsapp_change_member_role", {
      tenant_id,
      user_id: user_ids.agent,
      role: "admin",
    });
    expect(refused).toMatchObject({ code: "42501", message: "role: only admins may do this" });
    await place.admin
      .rpc("whatsapp_change_member_role", { tenant_id, user_id: user_ids.agent, role: "viewer" })
      .throwOnError();
    const { error } = await place.agent.rpc("whatsapp_close_conversation", { conversation_id });
    expect(error).toMatchObject({ code: "42501", message: "role: viewers change nothing" });
    const { data } = await place.admin.from("whatsapp_conversations").select("assignee_id");
    expect(data).toEqual([{ assignee_id: null }]);
  });

  test("is of one tenant: an admin here is nobody there", async () => {
    const other = await createTenant(sql);
    const { tenant_id, user_ids } = other;
    for (const call of [
      tenant.admin.rpc("whatsapp_remove_member", { tenant_id, user_id: user_ids.agent }),
      tenant.admin.rpc("whatsapp_change_member_role", {
        tenant_id,
        user_id: user_ids.agent,
        role: "viewer",
      }),
    ]) {
      const { error } = await call;
      expect(error).toMatchObject({
        code: "42501",
        message: "tenant_id: none of your tenants has this id",
      });
    }
    const team = await tenant.admin.from("whatsapp_teams").insert({ tenant_id, name: "Spies" });
    expect(team.error?.code).toBe("42501");
    const { data: own } = await tenant.admin
      .from("whatsapp_teams")
      .insert({ tenant_id: tenant.tenant_id, name: "Own" })
      .select("id")
      .single()
      .throwOnError();
    const foreign = await tenant.admin
      .from("whatsapp_team_members")
      .insert({ tenant_id: tenant.tenant_id, team_id: own.id, user_id: user_ids.agent });
    expect(foreign.error?.code).toBe("23503");
  });

  test("may differ from tenant to tenant", async () => {
    const other = await createTenant(sql);
    await sql`
      insert into public.whatsapp_members (user_id, tenant_id, role)
      values (${tenant.user_ids.agent}, ${other.tenant_id}, 'admin')`;
    const { data } = await tenant.agent.from("whatsapp_invitations").select("tenant_id");
    expect(data).toEqual([]);
    await tenant.agent
      .rpc("whatsapp_invite_member", {
        tenant_id: other.tenant_id,
        email: "new@example.test",
        role: "viewer",
      })
      .throwOnError();
    const { error } = await tenant.agent.rpc("whatsapp_invite_member", {
      tenant_id: tenant.tenant_id,
      email: "new@example.test",
      role: "viewer",
    });
    expect(error?.code).toBe("42501");
  });
});

test("anon may call none of it", async () => {
  const client = anonClient();
  const { error } = await client.rpc("whatsapp_accept_invitation", { token: "x" });
  expect(error?.code).toBe("42501");
});
