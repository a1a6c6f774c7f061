// The socket: one for the whole application, opened when the first room is, with acknowledgements as promises.
import { io, type Socket } from "socket.io-client";
import { Refusal } from "../app/api";
import { me } from "../app/me.svelte";
import { t } from "../app/texts.svelte";
import { unread } from "../app/unread.svelte";
import type { Events, Requests } from "./wire";

const ACK_WITHIN = 10_000;
/** When the first connection has not come for so long, that is said. */
const SLOW = 5000;
/** Why the server ends a socket whose session is as good as before. Where it is not after all, coming back is refused. */
const COME_BACK = new Set(["slow_consumer", "too_many", "rate_limited"]);
/** How long to stay away after the first of such ends in a row, and at most. */
const [AWAY, LONG_AWAY] = [1000, 60_000];

// The library knows no types of events; `on` and `ask` are where they get theirs.
type Listener = (payload: any) => void;

class Connection {
  /** `fresh` while the first connection is on its way, which needs no banner. */
  state = $state<"fresh" | "online" | "lost" | "closing">("fresh");
  private socket: Socket | null = null;
  private listeners: [string, Listener][] = [];
  private greeters: ((again: boolean) => void)[] = [];

  constructor() {
    // Where no rooms are open, which count by themselves. What was read in another window, or missed, the server knows.
    this.on("message:new", ({ message }) => message.authorId !== me.user?.id && unread.more(message));
    this.on("room:invited", () => void unread.ask());
    this.on("room:read", ({ userId }) => userId === me.user?.id && void unread.ask());
    this.whenever(() => void unread.ask());
  }

  open(): void {
    if (this.socket) return;
    // WebSocket first; networks that break it get long polling.
    const socket = io({ path: "/socket.io", transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelay: 500, reconnectionDelayMax: 5000 });
    this.socket = socket;
    // A network that swallows everything lets nobody know for long.
    setTimeout(() => {
      if (this.socket === socket && this.state === "fresh") this.state = "lost";
    }, SLOW);
    for (const [event, listener] of this.listeners) socket.on(event, listener);
    socket.on("connect", () => {
      const again = this.state !== "fresh";
      this.state = "online";
      for (const greet of this.greeters) greet(again);
    });
    socket.on("disconnect", (reason) => {
      if (this.state !== "closing") this.state = "lost";
      // The server ended it on purpose, so the client does not come back by itself.
      if (reason === "io server disconnect") this.comeBack(socket);
    });
    socket.on("connect_error", (error) => {
      this.state = "lost";
      if (codeOf(error) === "login_required") void me.check();
      // Refused by the server, not by the network: the client would not try again by itself.
      if (!socket.active) this.comeBack(socket);
    });
    this.on("server:closing", ({ retryMs }) => {
      this.state = "closing";
      this.pause = retryMs;
    });
    this.on("session:ended", ({ reason }) => {
      if (COME_BACK.has(reason)) {
        // Each end of this kind that comes soon after another doubles the time: two windows must not push each other out for ever.
        const quiet = Date.now() - this.endedAt > 2 * LONG_AWAY;
        this.away = quiet ? AWAY : Math.min(2 * this.away, LONG_AWAY);
        [this.endedAt, this.pause] = [Date.now(), this.away];
        return;
      }
      me.lost();
      this.close();
    });
  }

  /** Connects again after a while, unless nobody is signed in any more by then. */
  private comeBack(socket: Socket): void {
    setTimeout(() => {
      if (me.user && this.socket === socket) socket.connect();
    }, this.retryAfter());
  }

  close(): void {
    this.socket?.disconnect();
    this.socket = null;
    this.state = "fresh";
  }

  private pause = 0;
  private away = AWAY;
  private endedAt = 0;
  private retryAfter(): number {
    const pause = this.pause || 1000;
    this.pause = 0;
    return pause;
  }

  get stands(): boolean {
    return this.socket?.connected ?? false;
  }

  /** Calls `listener` with each `event`, until the function that it gives back is called. */
  on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): () => void {
    const entry: [string, Listener] = [event, listener];
    this.listeners.push(entry);
    this.socket?.on(event as string, listener as Listener);
    return () => {
      this.listeners = this.listeners.filter((other) => other !== entry);
      this.socket?.off(event as string, listener as Listener);
    };
  }

  /** Calls `greet` whenever the connection stands, with whether it does so again, until the function that it gives back is called. */
  whenever(greet: (again: boolean) => void): () => void {
    this.greeters.push(greet);
    if (this.stands) greet(false);
    return () => (this.greeters = this.greeters.filter((other) => other !== greet));
  }

  /** Sends an event and waits for its answer. Fails with status 0 if there is none: whether it arrived is then unknown. */
  async ask<E extends keyof Requests>(event: E, payload: Requests[E][0], within = ACK_WITHIN): Promise<Requests[E][1]> {
    if (!this.socket?.connected) throw new Refusal(0, "unreachable", t("trouble.unreachable"));
    let answer: { ok: boolean; code?: string; error?: string; retryAfter?: number };
    try {
      answer = await this.socket.timeout(within).emitWithAck(event, payload);
    } catch {
      throw new Refusal(0, "unreachable", t("trouble.unreachable"));
    }
    if (!answer.ok) throw Refusal.of(400, answer);
    return answer as unknown as Requests[E][1];
  }

  /** Sends what may get lost. */
  tell<E extends keyof Requests>(event: E, payload: Requests[E][0]): void {
    if (this.socket?.connected) this.socket.volatile.emit(event, payload);
  }
}

/** The code of a refusal, whose message is an error body as JSON; none if the network failed. */
function codeOf(error: Error): string | undefined {
  try {
    return JSON.parse(error.message).code;
  } catch {
    return undefined;
  }
}

export const connection = new Connection();
