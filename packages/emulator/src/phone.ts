/** The digits of a phone number: `+49 170 1234567` becomes `491701234567`. */
export function phoneDigits(phone: string): string {
  return phone.replaceAll(/\D/g, "");
}
