import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { messageBody } from "./make-events.ts";

/** Webhooks made before the clock starts: more than any machine here posts in a run. */
const PREPARED = 60_000;

/**
 * Functions that each post one webhook over a connection of its own and wait for its 200. HTTP by hand: on a
 * machine of two cores a client library would take what is to be measured.
 */
export async function createWebhookPosters(load: {
  url: string;
  app_secret: string;
  connections: number;
}): Promise<(() => Promise<void>)[]> {
  const { hostname, port, pathname } = new URL(load.url);
  const requests = Array.from({ length: PREPARED }, () => {
    const body = messageBody(1);
    const signature = createHmac("sha256", load.app_secret).update(body).digest("hex");
    return Buffer.from(
      `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n` +
        `x-hub-signature-256: sha256=${signature}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
  return await Promise.all(
    Array.from({ length: load.connections }, async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, "connect");
      socket.setNoDelay(true);
      return async () => {
        const request = requests.pop();
        if (request === undefined) throw new Error("PREPARED: is too few webhooks for this run");
        const answered = readAnswer(socket);
        socket.write(request);
        const status = await answered;
        if (status !== 200) throw new Error(`whatsapp-webhook answered ${status}`);
      };
    }),
  );
}

/** The status of the next answer, once all of it has come. The function says how long its body is. */
function readAnswer(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head === -1) return;
      const length = Number(
        /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? Number.NaN,
      );
      if (text.length < head + 4 + length) return;
      socket.off("data", read);
      socket.off("close", fail);
      if (Number.isNaN(length)) reject(new Error("the answer has no content-length"));
      else resolve(Number(text.slice(9, 12)));
    };
    const fail = (): void => reject(new Error("the connection was closed"));
    socket.on("data", read);
    socket.once("close", fail);
  });
}
