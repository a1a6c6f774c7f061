// Messages that were written and are not acknowledged. They are kept in this browser, so that neither a lost connection nor a reload
// loses one; the name each has from the start keeps the server from storing it twice.
import { freshKey, Refusal } from "../app/api";
import { me } from "../app/me.svelte";
import { connection } from "./connection.svelte";
import type { Message } from "./wire";

export interface Draft {
  clientId: string;
  roomId: string;
  body: string;
  replyTo: string | null;
  attachments: string[];
  at: string;
  /** Why the server does not want it. */
  problem: string | null;
}

class Outbox {
  drafts = $state<Draft[]>(restore());
  private flushing = false;
  private onsent: (message: Message) => void = () => {};

  constructor() {
    connection.whenever(() => void this.flush());
  }

  /** Calls `listener` with each message that the server has. */
  whenSent(listener: (message: Message) => void): void {
    this.onsent = listener;
  }

  add(roomId: string, body: string, replyTo: string | null, attachments: string[]): void {
    this.drafts.push({ clientId: freshKey(), roomId, body, replyTo, attachments, at: new Date().toISOString(), problem: null });
    this.save();
    void this.flush();
  }

  retry(draft: Draft): void {
    draft.problem = null;
    this.save();
    void this.flush();
  }

  /** Takes a message out: it is stored, or its author does not want it any more. */
  remove(clientId: string): void {
    const before = this.drafts.length;
    this.drafts = this.drafts.filter((draft) => draft.clientId !== clientId);
    if (this.drafts.length !== before) this.save();
  }

  /** Sends one after the other, in the order in which they were written. */
  private async flush(): Promise<void> {
    if (this.flushing) return;
    this.flushing = true;
    try {
      for (let next = this.next(); next; next = this.next()) await this.send(next);
    } catch {
      // No answer: the next connection tries again.
    } finally {
      this.flushing = false;
    }
  }

  private next(): Draft | undefined {
    return this.drafts.find((draft) => !draft.problem);
  }

  private async send(draft: Draft): Promise<void> {
    const { clientId, roomId, body, replyTo, attachments } = draft;
    try {
      const { message } = await connection.ask("message:send", { clientId, roomId, body, attachments, ...(replyTo && { replyTo }) });
      this.onsent(message);
      this.remove(clientId);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 0) throw error;
      if (error.retryAfter !== null) return void (await new Promise((go_on) => setTimeout(go_on, (error.retryAfter ?? 1) * 1000)));
      draft.problem = error.message;
      this.save();
    }
  }

  private save(): void {
    try {
      localStorage.setItem(place(), JSON.stringify(this.drafts));
    } catch {
      // A browser that keeps nothing for us: then a reload loses what was not sent.
    }
  }
}

const place = () => `outbox:${me.user?.id}`;

function restore(): Draft[] {
  try {
    return JSON.parse(localStorage.getItem(place()) ?? "[]");
  } catch {
    return [];
  }
}

export const outbox = new Outbox();
