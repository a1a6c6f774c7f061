// Messages that were written and are not acknowledged. They are kept in this browser, so that neither a lost connection nor a reload
// loses one; the name each has from the start keeps the server from storing it twice. Commands of bots have no such name: one that may
// have been run is not sent again unless its author says so.
import { freshKey, Refusal } from "../app/api";
import { allKept, isAt, keep } from "../app/kept";
import { me } from "../app/me.svelte";
import { t } from "../app/texts.svelte";
import { connection } from "./connection.svelte";
import { isCommand } from "./typed";
import type { Message, RanCommand } from "./wire";

/** A bot may ask others before it answers. */
const COMMAND_WITHIN = 120_000;
/** How long to wait before trying again while the connection stands: from the first time without an answer to the longest. */
const AGAIN = { first: 1000, longest: 30_000 };
/** Refusals after which the author can write it in another way. */
const CORRECTABLE = ["unknown_command", "invalid_arguments", "command_failed", "bot_failed", "bot_suspended", "message_rejected", "message_not_checked"];

export interface Draft {
  clientId: string;
  roomId: string;
  body: string;
  replyTo: string | null;
  attachments: string[];
  at: string;
  /** Why the server does not want it. */
  problem: string | null;
  /** The word for programs of `problem`. */
  code?: string;
  /** When a command was sent that has no answer yet. */
  running?: number;
}

class Outbox {
  drafts = $state<Draft[]>(restore());
  private flushing = false;
  private pause = AGAIN.first;
  private onsent: (message: Message) => void = () => {};
  private onrun: (message: Message, command: RanCommand) => void = () => {};

  constructor() {
    connection.whenever(() => void this.flush());
    // Another window may be waiting for their answer. If it was the page before a reload, nobody is.
    for (const draft of this.drafts) if (draft.running) setTimeout(() => this.giveUp(draft), draft.running + COMMAND_WITHIN - Date.now());
    addEventListener("storage", ({ key, newValue }) => this.heed(key, newValue));
  }

  /** Calls `listener` with each message that the server has. */
  whenSent(listener: (message: Message) => void): void {
    this.onsent = listener;
  }

  /** Calls `listener` with what there is to see after a command. */
  whenRun(listener: (message: Message, command: RanCommand) => void): void {
    this.onrun = listener;
  }

  /** The first one of a room that was refused and can be written in another way. */
  refused(roomId: string): Draft | undefined {
    return this.drafts.find((draft) => draft.roomId === roomId && draft.problem && CORRECTABLE.includes(draft.code ?? ""));
  }

  add(roomId: string, body: string, replyTo: string | null, attachments: string[]): void {
    const draft: Draft = { clientId: freshKey(), roomId, body, replyTo, attachments, at: new Date().toISOString(), problem: null };
    this.drafts.push(draft);
    save(draft);
    void this.flush();
  }

  retry(draft: Draft): void {
    draft.problem = null;
    delete draft.code;
    save(draft);
    void this.flush();
  }

  /** Takes a message out: it is stored, or its author does not want it any more. */
  remove(clientId: string): void {
    this.drafts = this.drafts.filter((draft) => draft.clientId !== clientId);
    forget(clientId);
  }

  private giveUp(draft: Draft): void {
    if (!draft.running) return;
    delete draft.running;
    draft.problem = t("commands.unsure");
  }

  /** Another window has done something with one that stands here, too. */
  private heed(key: string | null, value: string | null): void {
    const draft = this.drafts.find(({ clientId }) => key !== null && isAt(key, "outbox", owner(), clientId));
    if (!draft) return;
    if (value === null) this.drafts = this.drafts.filter((other) => other !== draft);
    else Object.assign(draft, { code: undefined, running: undefined }, JSON.parse(value));
  }

  /** Sends one after the other, in the order in which they were written. */
  private async flush(): Promise<void> {
    if (this.flushing) return;
    this.flushing = true;
    try {
      for (let next = this.next(); next && connection.stands; next = this.next()) {
        // What was written after a command need not wait for a bot.
        if (isCommand(next.body)) void this.run(next);
        else await this.send(next);
      }
    } catch {
      // No answer: the next connection tries again, and we do while this one stands.
      setTimeout(() => void this.flush(), this.pause);
      this.pause = Math.min(2 * this.pause, AGAIN.longest);
    } finally {
      this.flushing = false;
    }
  }

  private next(): Draft | undefined {
    return this.drafts.find((draft) => !draft.problem && !draft.running);
  }

  private async send(draft: Draft): Promise<void> {
    try {
      await this.ask(draft);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 0) throw error;
      await this.refuse(draft, error);
    }
  }

  private async run(draft: Draft): Promise<void> {
    draft.running = Date.now();
    save(draft);
    try {
      await this.ask(draft, COMMAND_WITHIN);
    } catch (error) {
      if (error instanceof Refusal && error.status !== 0) await this.refuse(draft, error);
      else draft.problem = t("commands.unsure");
      delete draft.running;
      // Its author may have taken it back meanwhile.
      if (this.drafts.some(({ clientId }) => clientId === draft.clientId)) save(draft);
      void this.flush();
    }
  }

  private async ask(draft: Draft, within?: number): Promise<void> {
    const { clientId, roomId, body, replyTo, attachments } = draft;
    const { message, command } = await connection.ask("message:send", { clientId, roomId, body, attachments, ...(replyTo && { replyTo }) }, within);
    if (command) this.onrun(message, command);
    else this.onsent(message);
    this.remove(clientId);
    this.pause = AGAIN.first;
  }

  private async refuse(draft: Draft, error: Refusal): Promise<void> {
    if (error.retryAfter !== null) return void (await new Promise((go_on) => setTimeout(go_on, (error.retryAfter ?? 1) * 1000)));
    [draft.problem, draft.code] = [error.message, error.code];
    save(draft);
  }
}

// A place for each draft: other windows of this browser keep theirs beside it.
const owner = () => me.user?.id ?? "";
const save = (draft: Draft) => keep("outbox", owner(), draft.clientId, draft);
const forget = (clientId: string) => keep("outbox", owner(), clientId, null);
const restore = () => allKept<Draft>("outbox", owner()).sort((one, other) => one.at.localeCompare(other.at));

export const outbox = new Outbox();
