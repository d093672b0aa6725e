/** The part of `ws` (which brings no types of its own) that the stand-in uses. */
declare module "ws" {
  import type { EventEmitter } from "node:events";
  import type { Server } from "node:http";

  export interface WebSocket extends EventEmitter {
    readonly readyState: number;
    readonly OPEN: 1;
    send(data: Uint8Array): void;
    close(): void;
    terminate(): void;
    on(event: "message", listener: (data: Uint8Array) => void): this;
    on(event: "close", listener: () => void): this;
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: {
      server: Server;
      verifyClient: (
        request: unknown,
        answer: (is_welcome: boolean, http_status?: number) => void,
      ) => void;
    });
    readonly clients: Set<WebSocket>;
    on(event: "connection", listener: (socket: WebSocket) => void): this;
    close(): void;
  }
}
