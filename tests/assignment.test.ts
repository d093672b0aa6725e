import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversationHere } from "./support/outbox.ts";
import { sendAs } from "./support/send.ts";
import { personWebhook } from "./support/webhook-values.ts";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  serviceClient,
  signUpSomebody,
  type TestTenant,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
/** Another agent of the tenant's. */
let colleague: Awaited<ReturnType<typeof signUpSomebody>>;
let team_id: string;

beforeAll(async () => {
  tenant = await createTenant(sql);
  colleague = await signUpSomebody();
  const { tenant_id } = tenant;
  await sql`
    insert into public.whatsapp_members (user_id, tenant_id, role)
    values (${colleague.user_id}, ${tenant_id}, 'agent')`;
  const { data } = await tenant.admin
    .from("whatsapp_teams")
    .insert({ tenant_id, name: "Cakes" })
    .select("id")
    .single()
    .throwOnError();
  team_id = data.id;
  await tenant.admin
    .from("whatsapp_team_members")
    .insert({ tenant_id, team_id, user_id: colleague.user_id })
    .throwOnError();
});
afterAll(() => sql.end());

const newConversation = async () => (await conversationHere(sql, tenant)).conversation_id;

async function sees(client: TestTenant["agent"], conversation_id: string): Promise<boolean> {
  const { data } = await client.from("whatsapp_messages").select("id").match({ conversation_id });
  const listed = await client.from("whatsapp_conversations").select("id").eq("id", conversation_id);
  expect(data?.length ?? 0).toBe(listed.data?.length ?? 0);
  return data?.length === 1;
}

const text = (conversation_id: string) => ({
  conversation_id,
  type: "text",
  text: { body: "Hello" },
});

describe("a conversation that is assigned to a team", () => {
  test("is seen by its members and by nobody else's agents, and only they send there", async () => {
    const conversation_id = await newConversation();
    expect(await sees(tenant.agent, conversation_id)).toBe(true);
    await tenant.admin
      .rpc("whatsapp_assign_conversation", { conversation_id, team_id })
      .throwOnError();
    expect(await sees(colleague.client, conversation_id)).toBe(true);
    expect(await sees(tenant.agent, conversation_id)).toBe(false);
    expect((await sendAs(tenant.agent, text(conversation_id))).http_status).toBe(403);
    expect((await sendAs(colleague.client, text(conversation_id))).http_status).not.toBe(403);
  });

  test("stays the team's when one of them takes it, and goes back when they release it", async () => {
    const conversation_id = await newConversation();
    await tenant.admin
      .rpc("whatsapp_assign_conversation", { conversation_id, team_id })
      .throwOnError();
    const taken = await colleague.client.rpc("whatsapp_take_conversation", { conversation_id });
    expect(taken.data).toMatchObject({ assignee_id: colleague.user_id, team_id });
    const released = await colleague.client.rpc("whatsapp_release_conversation", {
      conversation_id,
    });
    expect(released.data).toMatchObject({ assignee_id: null, team_id });
  });

  test("is the queue's again when the team is dissolved", async () => {
    const { tenant_id } = tenant;
    const { data } = await tenant.admin
      .from("whatsapp_teams")
      .insert({ tenant_id, name: "Short-lived" })
      .select("id")
      .single()
      .throwOnError();
    const conversation_id = await newConversation();
    await tenant.admin
      .rpc("whatsapp_assign_conversation", { conversation_id, team_id: data.id })
      .throwOnError();
    expect(await sees(tenant.agent, conversation_id)).toBe(false);
    await tenant.admin.from("whatsapp_teams").delete().eq("id", data.id).throwOnError();
    expect(await sees(tenant.agent, conversation_id)).toBe(true);
  });
});

describe("taking", () => {
  test("of two agents at once, one has it and the other is told", async () => {
    for (let round = 0; round < 5; round += 1) {
      const conversation_id = await newConversation();
      const answers = await Promise.all(
        [tenant.agent, colleague.client].map((client) =>
          client.rpc("whatsapp_take_conversation", { conversation_id }),
        ),
      );
      const refused = answers.filter(({ error }) => error !== null);
      expect(refused).toHaveLength(1);
      // Who came second no longer sees it.
      expect(["23505", "42501"]).toContain(refused[0]?.error?.code);
    }
  });

  test("over from somebody else needs to be said", async () => {
    const conversation_id = await newConversation();
    await tenant.agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    const refused = await tenant.admin.rpc("whatsapp_take_conversation", { conversation_id });
    expect(refused.error).toMatchObject({ code: "23505", hint: expect.stringContaining("over") });
    const taken = await tenant.admin.rpc("whatsapp_take_conversation", {
      conversation_id,
      take_over: true,
    });
    expect(taken.data).toMatchObject({ assignee_id: tenant.user_ids.admin });
    expect(await sees(tenant.agent, conversation_id)).toBe(false);
  });
});

describe("assigning to others", () => {
  test("is for admins: an agent hands nothing on, not even what is theirs", async () => {
    const conversation_id = await newConversation();
    await tenant.agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    const { error } = await tenant.agent.rpc("whatsapp_assign_conversation", {
      conversation_id,
      assignee_id: colleague.user_id,
    });
    expect(error).toMatchObject({ code: "42501" });
  });

  test("takes no viewer, no stranger, and no team of another tenant's", async () => {
    const conversation_id = await newConversation();
    const other = await createTenant(sql);
    const { data: foreign } = await other.admin
      .from("whatsapp_teams")
      .insert({ tenant_id: other.tenant_id, name: "Theirs" })
      .select("id")
      .single()
      .throwOnError();
    for (const assignee_id of [tenant.user_ids.viewer, other.user_ids.agent]) {
      const { error } = await tenant.admin.rpc("whatsapp_assign_conversation", {
        conversation_id,
        assignee_id,
      });
      expect(error).toMatchObject({
        code: "22023",
        message: "assignee_id: is no admin or agent of this tenant",
      });
    }
    const { error } = await tenant.admin.rpc("whatsapp_assign_conversation", {
      conversation_id,
      team_id: foreign.id,
    });
    expect(error).toMatchObject({ message: "team_id: this tenant has no such team" });
  });

  test("works with the service key, also to nobody", async () => {
    const conversation_id = await newConversation();
    const service = serviceClient();
    const { data: given } = await service.rpc("whatsapp_assign_conversation", {
      conversation_id,
      assignee_id: tenant.user_ids.agent,
    });
    expect(given).toMatchObject({ assignee_id: tenant.user_ids.agent, team_id: null });
    const { data } = await service.rpc("whatsapp_assign_conversation", { conversation_id });
    expect(data).toMatchObject({ assignee_id: null, team_id: null });
  });
});

describe("closing, reopening and noting", () => {
  test("a closed conversation opens with the contact's next message", async () => {
    const { conversation_id, phone } = await conversationHere(sql, tenant);
    const closed = await tenant.agent.rpc("whatsapp_close_conversation", { conversation_id });
    expect(closed.data).toMatchObject({ state: "closed" });
    await postWebhook(personWebhook(tenant.phone_number_id, { phone }, newWamid()));
    const { data } = await tenant.agent
      .from("whatsapp_conversations")
      .select("state")
      .eq("id", conversation_id);
    expect(data).toEqual([{ state: "open" }]);
    await tenant.agent.rpc("whatsapp_close_conversation", { conversation_id }).throwOnError();
    const opened = await tenant.agent.rpc("whatsapp_reopen_conversation", { conversation_id });
    expect(opened.data).toMatchObject({ state: "open" });
  });

  test("a note is read where the conversation is, with its author", async () => {
    const conversation_id = await newConversation();
    await tenant.agent.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    await tenant.agent
      .rpc("whatsapp_add_note", { conversation_id, body: "Allergic to nuts" })
      .throwOnError();
    const readers = [tenant.agent, tenant.admin, tenant.viewer, colleague.client];
    const notes = await Promise.all(
      readers.map((client) =>
        client.from("whatsapp_notes").select("body, author_id").match({ conversation_id }),
      ),
    );
    const note = { body: "Allergic to nuts", author_id: tenant.user_ids.agent };
    expect(notes.map(({ data }) => data)).toEqual([[note], [note], [note], []]);
  });

  test.each(["", "x".repeat(10_001)])("a note has 1 to 10,000 characters", async (body) => {
    const conversation_id = await newConversation();
    const { error } = await tenant.agent.rpc("whatsapp_add_note", { conversation_id, body });
    expect(error).toMatchObject({ code: "22023", message: expect.stringMatching(/^body: has/) });
  });

  test("what an agent may not see is refused as what does not exist is", async () => {
    const conversation_id = await newConversation();
    await tenant.admin.rpc("whatsapp_take_conversation", { conversation_id }).throwOnError();
    const missing = crypto.randomUUID();
    const { agent } = tenant;
    const calls = [
      (id: string) => agent.rpc("whatsapp_take_conversation", { conversation_id: id }),
      (id: string) => agent.rpc("whatsapp_release_conversation", { conversation_id: id }),
      (id: string) => agent.rpc("whatsapp_close_conversation", { conversation_id: id }),
      (id: string) => agent.rpc("whatsapp_reopen_conversation", { conversation_id: id }),
      (id: string) => agent.rpc("whatsapp_assign_conversation", { conversation_id: id }),
      (id: string) => agent.rpc("whatsapp_delete_conversation", { conversation_id: id }),
      (id: string) => agent.rpc("whatsapp_export_conversation", { conversation_id: id }),
      (id: string) => agent.rpc("whatsapp_add_note", { conversation_id: id, body: "x" }),
      (id: string) => agent.rpc("whatsapp_enqueue_message", { message: text(id) }),
    ];
    for (const call of calls) {
      const [hidden, absent] = [await call(conversation_id), await call(missing)];
      expect(hidden.error?.code).toBe("42501");
      expect(hidden.error).toEqual(absent.error);
    }
  });
});

test("two contacts who turn out to be one person keep notes and team", async () => {
  const phone = newPhone();
  const bsuid = `DE.${crypto.randomUUID().replaceAll("-", "")}`;
  for (const person of [{ bsuid }, { phone }]) {
    await postWebhook(personWebhook(tenant.phone_number_id, person, newWamid()));
  }
  const conversations = await sql<{ id: string; phone: string | null }[]>`
    select conversation.id, contact.phone from public.whatsapp_conversations as conversation
    join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    where contact.phone = ${phone} or contact.bsuid = ${bsuid} order by contact.phone`;
  expect(conversations).toHaveLength(2);
  for (const { id } of conversations) {
    await tenant.agent
      .rpc("whatsapp_add_note", { conversation_id: id, body: "Note" })
      .throwOnError();
  }
  await tenant.admin
    .rpc("whatsapp_assign_conversation", { conversation_id: conversations[0]?.id ?? "", team_id })
    .throwOnError();
  await postWebhook(personWebhook(tenant.phone_number_id, { phone, bsuid }, newWamid()));
  const [merged, ...others] = await sql<{ id: string; team_id: string; notes: number }[]>`
    select conversation.id, team_id, (
      select count(*)::int from public.whatsapp_notes where conversation_id = conversation.id
    ) as notes
    from public.whatsapp_conversations as conversation
    join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    where contact.phone = ${phone} or contact.bsuid = ${bsuid}`;
  expect(others).toEqual([]);
  expect(merged).toMatchObject({ notes: 2, team_id });
});
