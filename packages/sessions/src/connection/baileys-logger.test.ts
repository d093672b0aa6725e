import { expect, test } from "vitest";
import { createBaileysLogger } from "./baileys-logger.ts";

test("passes on the sentences of warnings and errors, without fields and without people's numbers", () => {
  const lines: string[] = [];
  const logger = createBaileysLogger((level, line) => void lines.push(`${level} ${line}`));
  logger.error(
    { key: { remoteJid: "4915112345678@s.whatsapp.net" }, err: "x" },
    "failed to decrypt message",
  );
  logger
    .child({ secret: "s" })
    .warn("Invalid LID-PN mapping: 101@lid, 4915112345678@s.whatsapp.net");
  logger.warn({ advSecretKey: "abc" });
  logger.info({ node: {} }, "not logged in, attempting registration...");
  logger.debug({}, "sending message to 4915112345678");
  logger.trace({ xml: "<message/>" }, "xml send");
  logger.error({}, "stream errored out");
  expect(lines).toEqual([
    "error baileys: failed to decrypt message",
    "warn baileys: Invalid LID-PN mapping: 101@lid, …@s.whatsapp.net",
  ]);
});
