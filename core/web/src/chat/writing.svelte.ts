// What somebody is writing in a room and has not sent: the next message, which neither another room nor a reload loses, and the change of
// an earlier one.
import { keep, kept } from "../app/kept";
import { me } from "../app/me.svelte";
import { Uploads } from "../app/uploads.svelte";
import type { Message } from "./wire";

/** The next message as this browser keeps it, with the addresses of files that the server has. */
interface Unsent {
  body: string;
  attachments: string[];
}

// Who they were when they came: what is written stays theirs when their session ends.
const owner = me.user?.id ?? "";

export class Writing {
  /** The text of the next message, its files, and what it answers. */
  body = $state("");
  readonly uploads = new Uploads();
  replyTo = $state.raw<Message | null>(null);
  /** The message that is being changed, and what it is to say. */
  editing = $state.raw<Message | null>(null);
  changed = $state("");
  private readonly stop: () => void;
  /** As this browser keeps it, for all that is known here: another window may have written since, which only a change here replaces. */
  private known: string;

  constructor(private readonly roomId: string) {
    const unsent = kept<Unsent>("unsent", owner, roomId);
    this.body = unsent?.body ?? "";
    this.uploads.keep(unsent?.attachments ?? []);
    this.known = JSON.stringify(this.unsent());
    // Not by the form: a file may arrive while another room is looked at.
    this.stop = $effect.root(() => {
      $effect(() => this.keep());
    });
  }

  /** What stands in the field. */
  get text(): string {
    return this.editing ? this.changed : this.body;
  }

  set text(text: string) {
    if (this.editing) this.changed = text;
    else this.body = text;
  }

  /** Whether something is lost with this, since it is kept nowhere else. */
  get isUnderWay(): boolean {
    return this.editing !== null || this.replyTo !== null || this.uploads.all.some(({ url }) => !url);
  }

  reply(message: Message): void {
    [this.editing, this.replyTo] = [null, message];
  }

  edit(message: Message): void {
    [this.replyTo, this.editing, this.changed] = [null, message, message.body];
  }

  /** Neither changes a message nor answers one. What was being written before goes on. */
  cancel(): void {
    this.editing = this.replyTo = null;
  }

  /** Empties the next message. */
  clear(): void {
    this.uploads.clear();
    [this.body, this.replyTo] = ["", null];
  }

  /** There is nobody any more to whom this could be sent: what the server does not have yet need not be sent there. */
  giveUp(): void {
    for (const { id } of this.uploads.all.filter(({ url }) => !url)) this.uploads.remove(id);
    this.cancel();
  }

  /** Ends, with everything kept that can be. */
  dispose(): void {
    this.keep();
    this.stop();
    this.uploads.dispose();
  }

  private unsent(): Unsent {
    return { body: this.body, attachments: this.uploads.urls };
  }

  private keep(): void {
    const unsent = this.unsent();
    const now = JSON.stringify(unsent);
    if (now === this.known) return;
    this.known = now;
    keep("unsent", owner, this.roomId, unsent.body || unsent.attachments.length ? unsent : null);
  }
}

const writings = new Map<string, Writing>();

/** What is being written in the room with this id. */
export function writingIn(roomId: string): Writing {
  const known = writings.get(roomId) ?? new Writing(roomId);
  writings.set(roomId, known);
  return known;
}

/** A room is not open any more. What is under way there goes on until it is opened again. */
export function putAway(roomId: string): void {
  const writing = writings.get(roomId);
  if (!writing || writing.isUnderWay) return;
  writing.dispose();
  writings.delete(roomId);
}
