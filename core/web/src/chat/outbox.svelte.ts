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

/** A message on its way to the server. */
export interface Outgoing {
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
  all = $state<Outgoing[]>(restore());
  private flushing = false;
  private pause = AGAIN.first;
  private onsent: (message: Message) => void = () => {};
  private onrun: (message: Message, command: RanCommand) => void = () => {};

  constructor() {
    connection.whenever(() => void this.flush());
    // Another window may be waiting for their answer. If it was the page before a reload, nobody is.
    for (const outgoing of this.all) if (outgoing.running) setTimeout(() => this.giveUp(outgoing), outgoing.running + COMMAND_WITHIN - Date.now());
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
  refused(roomId: string): Outgoing | undefined {
    return this.all.find((outgoing) => outgoing.roomId === roomId && outgoing.problem && CORRECTABLE.includes(outgoing.code ?? ""));
  }

  add(roomId: string, body: string, replyTo: string | null, attachments: string[]): void {
    const outgoing: Outgoing = { clientId: freshKey(), roomId, body, replyTo, attachments, at: new Date().toISOString(), problem: null };
    this.all.push(outgoing);
    save(outgoing);
    void this.flush();
  }

  retry(outgoing: Outgoing): void {
    outgoing.problem = null;
    delete outgoing.code;
    save(outgoing);
    void this.flush();
  }

  /** Takes a message out: it is stored, or its author does not want it any more. */
  remove(clientId: string): void {
    this.all = this.all.filter((outgoing) => outgoing.clientId !== clientId);
    forget(clientId);
  }

  private giveUp(outgoing: Outgoing): void {
    if (!outgoing.running) return;
    delete outgoing.running;
    outgoing.problem = t("commands.unsure");
  }

  /** Another window has done something with one that stands here, too. */
  private heed(key: string | null, value: string | null): void {
    const outgoing = this.all.find(({ clientId }) => key !== null && isAt(key, "outbox", owner, clientId));
    if (!outgoing) return;
    if (value === null) this.all = this.all.filter((other) => other !== outgoing);
    else Object.assign(outgoing, { code: undefined, running: undefined }, JSON.parse(value));
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

  private next(): Outgoing | undefined {
    return this.all.find((outgoing) => !outgoing.problem && !outgoing.running);
  }

  private async send(outgoing: Outgoing): Promise<void> {
    try {
      await this.ask(outgoing);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 0) throw error;
      await this.refuse(outgoing, error);
    }
  }

  private async run(outgoing: Outgoing): Promise<void> {
    outgoing.running = Date.now();
    save(outgoing);
    try {
      await this.ask(outgoing, COMMAND_WITHIN);
    } catch (error) {
      if (error instanceof Refusal && error.status !== 0) await this.refuse(outgoing, error);
      else outgoing.problem = t("commands.unsure");
      delete outgoing.running;
      // Its author may have taken it back meanwhile.
      if (this.all.some(({ clientId }) => clientId === outgoing.clientId)) save(outgoing);
      void this.flush();
    }
  }

  private async ask(outgoing: Outgoing, within?: number): Promise<void> {
    const { clientId, roomId, body, replyTo, attachments } = outgoing;
    const { message, command } = await connection.ask("message:send", { clientId, roomId, body, attachments, ...(replyTo && { replyTo }) }, within);
    if (command) this.onrun(message, command);
    else this.onsent(message);
    this.remove(clientId);
    this.pause = AGAIN.first;
  }

  private async refuse(outgoing: Outgoing, error: Refusal): Promise<void> {
    if (error.retryAfter !== null) return void (await new Promise((go_on) => setTimeout(go_on, (error.retryAfter ?? 1) * 1000)));
    [outgoing.problem, outgoing.code] = [error.message, error.code];
    save(outgoing);
  }
}

// A place for each: other windows of this browser keep theirs beside it. Whose they are does not change when the session ends, which fails
// what is under way.
const owner = me.user?.id ?? "";
const save = (outgoing: Outgoing) => keep("outbox", owner, outgoing.clientId, outgoing);
const forget = (clientId: string) => keep("outbox", owner, clientId, null);
const restore = () => allKept<Outgoing>("outbox", owner).sort((one, other) => one.at.localeCompare(other.at));

export const outbox = new Outbox();
