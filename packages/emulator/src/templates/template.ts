/** Meta's states of a template. */
export const TEMPLATE_STATUSES = [
  "APPROVED",
  "ARCHIVED",
  "DELETED",
  "DISABLED",
  "FLAGGED",
  "IN_APPEAL",
  "LIMIT_EXCEEDED",
  "LOCKED",
  "PAUSED",
  "PENDING",
  "PENDING_DELETION",
  "REINSTATED",
  "REJECTED",
] as const;
/** See {@link TEMPLATE_STATUSES}. */
export type TemplateStatus = (typeof TEMPLATE_STATUSES)[number];

/** What a template is for. */
export const TEMPLATE_CATEGORIES = ["AUTHENTICATION", "MARKETING", "UTILITY"] as const;
/** See {@link TEMPLATE_CATEGORIES}. */
export type TemplateCategory = (typeof TEMPLATE_CATEGORIES)[number];

/** How customers like a template. */
export const TEMPLATE_QUALITIES = ["GREEN", "YELLOW", "RED", "UNKNOWN"] as const;

/** A message template of a WhatsApp Business Account. */
export interface Template {
  /** Digits. */
  id: string;
  waba_id: string;
  name: string;
  language: string;
  category: TemplateCategory;
  previous_category: TemplateCategory | null;
  status: TemplateStatus;
  quality: (typeof TEMPLATE_QUALITIES)[number];
  rejected_reason: string;
  parameter_format: "POSITIONAL" | "NAMED";
  /** As they were given. */
  components: readonly unknown[];
}

/** The templates of all accounts. */
export interface TemplateStore {
  /** Of one account, newest first, as Meta lists them. */
  list(waba_id: string): Template[];
  find(id: string): Template | undefined;
  /** In this language; deleted ones are gone. */
  findByName(waba_id: string, name: string, language: string): Template | undefined;
  put(template: Template): void;
  remove(id: string): void;
}

/** What each account has from the start. */
const HELLO_WORLD = {
  name: "hello_world",
  language: "en_US",
  category: "UTILITY",
  previous_category: null,
  status: "APPROVED",
  quality: "UNKNOWN",
  rejected_reason: "NONE",
  parameter_format: "POSITIONAL",
  components: [
    { type: "HEADER", format: "TEXT", text: "Hello World" },
    {
      type: "BODY",
      text:
        "Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message " +
        "notification from the Cloud API, hosted by Meta. Thank you for taking the time to test with us.",
    },
    { type: "FOOTER", text: "WhatsApp Business Platform sample message" },
  ],
} as const;

/** Creates a store in which every account has `hello_world`. */
export function createTemplateStore(): TemplateStore {
  const by_id = new Map<string, Template>();
  const accounts = new Map<string, Map<string, Template>>();
  const key = (name: string, language: string) => `${language}/${name}`;
  const accountOf = (waba_id: string) => {
    const known = accounts.get(waba_id);
    if (known) return known;
    const account = new Map<string, Template>();
    accounts.set(waba_id, account);
    put({ ...HELLO_WORLD, id: createTemplateId(), waba_id });
    return account;
  };
  const put = (template: Template) => {
    const { waba_id, name, language } = template;
    by_id.set(template.id, template);
    accountOf(waba_id).set(key(name, language), template);
  };
  return {
    list: (waba_id) => [...accountOf(waba_id).values()].toReversed(),
    find: (id) => by_id.get(id),
    findByName: (waba_id, name, language) => accountOf(waba_id).get(key(name, language)),
    put,
    remove(id) {
      const template = by_id.get(id);
      if (!template) return;
      by_id.delete(id);
      accountOf(template.waba_id).delete(key(template.name, template.language));
    },
  };
}

let last_id = 0;

/** A new id: 16 digits, small enough to be exact as a JSON number, which is how webhooks carry it. */
export function createTemplateId(): string {
  last_id += 1;
  return String(1_300_000_000_000_000 + last_id);
}
