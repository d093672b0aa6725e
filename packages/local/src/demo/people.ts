/** The demo's sign-ins. The stack listens on this machine alone, so the password may be known. */
export const DEMO_PASSWORD = "wabase-demo";

export const DEMO_MEMBERS = [
  { email: "admin@demo.test", role: "admin" },
  { email: "agent@demo.test", role: "agent" },
  { email: "viewer@demo.test", role: "viewer" },
] as const;

/** Signed in, and member of no tenant. */
export const DEMO_STRANGER = "stranger@demo.test";

export const DEMO_TENANT = "Demo Bakery";

export const DEMO_NUMBER = {
  phone_number_id: "106540352242922",
  display_phone_number: "+1 555-078-3881",
  waba_id: "102290129340398",
  verified_name: "Demo Bakery",
};

/** Customers whose phones the emulator shows. */
export const DEMO_CUSTOMERS = [
  { phone: "+491701234567", name: "Mara Lindt" },
  { phone: "+5511987654321", name: "João Alves" },
] as const;
