// One room as this browser knows it: a run of its messages without gaps, and which changes of it have been seen.
import { call, Refusal } from "../app/api";
import { me } from "../app/me.svelte";
import { connection } from "./connection.svelte";
import type { Member, Message, RoomDetails } from "./wire";
import { writingIn, type Writing } from "./writing.svelte";

const PAGE = 50;
/** With more messages than this, old ones are let go at the end of the room. */
const MOST = 300;
/** Messages that are shown before the first unread one. */
const BEFORE_UNREAD = 20;
/** Changes that are remembered for pages that are on their way. */
const REMEMBERED = 500;
/** Answers for one person that are kept. */
const EPHEMERAL = 50;
const TYPING_LASTS = 6000;

/** An end of the messages that are here. */
export type End = "before" | "after";

export class Room {
  phase = $state<"loading" | "ready" | "outside" | "failed">("loading");
  details = $state<Omit<RoomDetails, "messages" | "more" | "members"> | null>(null);
  members = $state<Member[]>([]);
  /** Ascending by `seq`. */
  messages = $state<Message[]>([]);
  /** What bots answered to this person alone. It is nowhere else: not in the room's history, and not here after a reload. */
  ephemeral = $state<Message[]>([]);
  moreBefore = $state(false);
  moreAfter = $state(false);
  /** Those who are writing, by id. */
  typing = $state<Record<string, string>>({});
  /** What comes after this is marked as new; null while nothing is. */
  newAfter = $state<number | null>(null);
  /** Whether somebody looks at its end, where new messages come. */
  followed = $state(false);
  /** The place up to which we told the server that we have read. */
  readSeq = $state(0);
  problem = $state<unknown>(null);
  /** Whether the person is known to need an invitation to come in, if there is such a room at all. */
  closed = $state(false);
  /** How it ended for somebody who was in it: `gone` if that was not told, so that it may be either. */
  ended = $state<"deleted" | "removed" | "gone" | null>(null);
  /** The end at which more of the history is on its way. */
  busy = $state<End | null>(null);
  /** The end at which more of the history could not be had, and why. */
  stuck = $state<{ at: End; problem: unknown } | null>(null);

  /** All changes up to this one have been seen. */
  private rev = 0;
  /** Changes that were seen before an earlier one was. */
  private ahead = new Set<number>();
  /** The latest changes: a page that was asked for before one happened may arrive after it. */
  private heard = new Map<string, Message>();
  private catching = false;
  /** How often other messages were put in place of all: what was asked for to come next to the earlier ones does not fit any more. */
  private replaced = 0;
  private timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** What the person is writing here. */
  readonly writing: Writing;

  constructor(readonly id: string) {
    this.writing = writingIn(id);
  }

  get last(): Message | undefined {
    return this.messages.at(-1);
  }

  get ownRole() {
    return this.details?.role ?? null;
  }

  async load(): Promise<void> {
    this.phase = "loading";
    try {
      this.take((await call("get", "/api/rooms/{id}", { path: { id: this.id } })).data.room);
    } catch (error) {
      this.problem = error;
      this.phase = error instanceof Refusal && error.status === 404 ? "outside" : "failed";
    }
  }

  /** Becomes a member, unless the room turns out to be closed: before that it looks like an open one. */
  async join(): Promise<void> {
    try {
      this.take((await call("post", "/api/rooms/{id}/join", { path: { id: this.id } })).data.room);
    } catch (error) {
      this.closed = error instanceof Refusal && (error.status === 404 || error.code === "invite_required");
      if (!this.closed) throw error;
    }
  }

  /** The person is no member any more, and how that came. Where they may enter again, nothing has `ended`. */
  lose(ended: Room["ended"]): void {
    this.phase = "outside";
    this.ended = ended;
    this.writing.giveUp();
  }

  /** The connection stands, maybe `again`: then everything is brought up to date, not only the messages. */
  async comeBack(again: boolean): Promise<void> {
    if (this.phase === "failed") return this.load();
    if (this.phase !== "ready") return;
    await Promise.all([again && this.refresh(), this.catchUp()]);
    await this.watch();
  }

  /** Reads again what the room is and who is in it: what changed while there was no connection is not told later. */
  private async refresh(): Promise<void> {
    try {
      const { messages, more, members, readSeq, ...details } = (await call("get", "/api/rooms/{id}", { path: { id: this.id } })).data.room;
      this.details = { ...details, readSeq };
      this.members = members;
      this.readSeq = Math.max(this.readSeq, readSeq);
    } catch (error) {
      // Any other trouble is that of the connection, which comes back here.
      if (error instanceof Refusal && error.status === 404 && this.phase === "ready") this.lose("gone");
    }
  }

  private take(room: RoomDetails): void {
    const { messages, more, members, ...details } = room;
    this.closed = false;
    this.ended = null;
    this.details = details;
    this.members = members;
    this.replace(messages, more, false);
    [this.rev, this.readSeq] = [room.rev, room.readSeq];
    this.ahead.clear();
    const first = messages[0];
    // There is more unread than came along: reading begins where it ended.
    if (first && room.readSeq > 0 && first.seq > room.readSeq + 1) void this.from(room.readSeq - BEFORE_UNREAD);
    else this.phase = "ready";
    // What happened since this was read is asked for; without a connection yet, once there is one.
    void this.catchUp();
    void this.watch();
  }

  /** Shows the messages after `seq`. */
  private async from(seq: number): Promise<void> {
    const after = Math.max(seq, 0);
    await this.stored({ after, limit: PAGE })
      .then(({ messages, more }) => this.replace(messages, after > 0, more))
      .catch(() => undefined);
    this.phase = "ready";
    // What happened meanwhile was not asked for while there was nothing to put it in.
    void this.catchUp();
  }

  /** Shows the newest messages. */
  async toNewest(): Promise<void> {
    if (!this.moreAfter) return;
    const { messages, more } = await this.stored({ limit: 2 * PAGE });
    this.replace(messages, more, false);
    this.look();
  }

  /** Puts a run of messages in place of the one that is here. */
  private replace(messages: Message[], moreBefore: boolean, moreAfter: boolean): void {
    this.replaced += 1;
    this.messages = this.latest(messages);
    [this.moreBefore, this.moreAfter] = [moreBefore, moreAfter];
    this.busy = this.stuck = null;
    this.reachEnd();
  }

  /** What came while the end was not here, or on its way here, belongs to it. */
  private reachEnd(): void {
    if (this.moreAfter) return;
    const end = this.last?.seq ?? 0;
    for (const message of this.heard.values()) if (message.seq > end) this.put(message);
  }

  /** A page of the history: not by the socket, so that there are old messages without one, too. */
  private async stored(query: { before?: number; after?: number; limit: number }) {
    return (await call("get", "/api/rooms/{id}/messages", { path: { id: this.id }, query })).data;
  }

  /** Shows what was said around an older message. The API finds messages by their place; their ids come in the same order. */
  async around(id: string): Promise<boolean> {
    let [low, high] = [0, this.messages[0]?.seq ?? 0];
    while (low < high) {
      const after = Math.max(Math.floor((low + high) / 2) - PAGE, low);
      const { messages, more } = await this.stored({ after, limit: 2 * PAGE });
      const [first, last] = [messages[0], messages.at(-1)];
      if (!first || !last) return false;
      if (id < first.id) high = after;
      else if (id > last.id) low = last.seq;
      else {
        this.replace(messages, after > 0, more);
        return messages.some((message) => message.id === id);
      }
    }
    return false;
  }

  /** Lets go of old messages, which come back when somebody scrolls up to them: the more are shown, the longer everything takes. */
  trim(): void {
    const last = this.messages.at(-MOST);
    const isMarkNear = last && this.newAfter !== null && this.newAfter >= last.seq;
    if (!last || isMarkNear || this.moreAfter) return;
    this.replace(this.messages.slice(-2 * PAGE), true, false);
  }

  /** The person looks at the room (again): what came since they last did is new, and what comes while they do is not. */
  look(): void {
    const unread = this.moreAfter || (this.last?.seq ?? 0) > this.readSeq;
    this.newAfter = unread ? this.readSeq : null;
  }

  private latest(messages: Message[]): Message[] {
    return messages.map((message) => {
      const heard = this.heard.get(message.id);
      return heard && heard.rev > message.rev ? heard : message;
    });
  }

  /** Puts older messages before those that are here; whether it did. */
  older(): Promise<boolean> {
    return this.page("before", this.messages[0], (messages, more) => {
      this.messages = [...messages, ...this.messages];
      this.moreBefore = more;
    });
  }

  newer(): Promise<boolean> {
    return this.page("after", this.last, (messages, more) => {
      this.messages = [...this.messages, ...messages];
      this.moreAfter = more;
      this.reachEnd();
    });
  }

  private async page(at: End, from: Message | undefined, put: (messages: Message[], more: boolean) => void): Promise<boolean> {
    if (this.busy) return false;
    const { replaced } = this;
    this.busy = at;
    try {
      const { messages, more } = await this.stored({ [at]: from?.seq, limit: PAGE });
      // It would come next to messages that it does not belong to.
      if (replaced !== this.replaced) return false;
      const known = new Set(this.messages.map((message) => message.id));
      put(this.latest(messages.filter((message) => !known.has(message.id))), more);
      this.busy = this.stuck = null;
      return true;
    } catch (problem) {
      if (replaced !== this.replaced) return false;
      // It is asked for again when the reader wants it to be, and when the connection is back.
      [this.busy, this.stuck] = [null, { at, problem }];
      return false;
    }
  }

  /** A change that the server tells of as it happens. */
  hear(message: Message): void {
    if (!this.details) return;
    this.remember(message);
    this.put(message);
    this.saw(message.rev);
    // One before it has not come: it will not come by itself.
    if (this.ahead.size) void this.catchUp();
  }

  private remember(message: Message): void {
    if ((this.heard.get(message.id)?.rev ?? 0) > message.rev) return;
    this.heard.set(message.id, message);
    const [oldest] = this.heard.keys();
    if (this.heard.size > REMEMBERED && oldest) this.heard.delete(oldest);
  }

  /** Shows an answer of a bot that is for this person alone. */
  show(message: Message): void {
    this.dismiss(message.id);
    this.ephemeral = [...this.ephemeral.slice(1 - EPHEMERAL), message];
  }

  dismiss(id: string): void {
    this.ephemeral = this.ephemeral.filter((message) => message.id !== id);
  }

  private saw(rev: number): void {
    if (rev > this.rev) this.ahead.add(rev);
    while (this.ahead.delete(this.rev + 1)) this.rev += 1;
  }

  private put(message: Message): void {
    const at = this.messages.findIndex((known) => known.id === message.id);
    const known = this.messages[at];
    if (known) {
      if (message.rev >= known.rev) this.messages[at] = message;
      return;
    }
    const first = this.messages[0];
    if (first && message.seq < first.seq && this.moreBefore) return;
    if (this.last && message.seq > this.last.seq && this.moreAfter) return;
    const place = this.messages.findLastIndex((other) => other.seq < message.seq) + 1;
    this.messages.splice(place, 0, message);
  }

  /** Asks for everything that has changed since the last change seen, page by page. Nothing is lost and nothing comes twice. */
  async catchUp(): Promise<void> {
    if (this.phase !== "ready" || this.catching) return;
    this.catching = true;
    try {
      for (let more = true; more; ) {
        const [room] = (await connection.ask("resume", { rooms: [{ roomId: this.id, rev: this.rev }] })).rooms;
        if (!room) {
          // Rooms that one is not in any more are left out. How that came may have been told meanwhile.
          if (this.phase === "ready") this.lose("gone");
          return;
        }
        for (const message of room.messages) {
          this.remember(message);
          this.put(message);
        }
        // In the order of `rev`, and each in its latest state: all up to the last one have been seen.
        const seen = room.messages.at(-1)?.rev ?? this.rev;
        this.rev = Math.max(this.rev, seen);
        more = room.more;
      }
      for (const rev of this.ahead) if (rev <= this.rev) this.ahead.delete(rev);
      while (this.ahead.delete(this.rev + 1)) this.rev += 1;
    } catch {
      // Lost again; the next connection begins here.
    } finally {
      this.catching = false;
    }
  }

  /** Whoever is there now, and from now on. */
  async watch(): Promise<void> {
    const answer = await connection.ask("presence:watch", { roomId: this.id }).catch(() => null);
    if (answer) for (const member of this.members) member.online = answer.online.includes(member.id);
  }

  async read(seq: number): Promise<void> {
    if (seq <= this.readSeq) return;
    const before = this.readSeq;
    this.readSeq = seq;
    await connection.ask("room:read", { roomId: this.id, seq }).catch(() => (this.readSeq = before));
  }

  isTyping(userId: string, name: string, on: boolean): void {
    clearTimeout(this.timers.get(userId));
    delete this.typing[userId];
    if (!on || userId === me.user?.id) return;
    this.typing[userId] = name;
    this.timers.set(userId, setTimeout(() => delete this.typing[userId], TYPING_LASTS));
  }

  entered(member: Member): void {
    this.members = [...this.members.filter((other) => other.id !== member.id), member];
    if (this.details) this.details.memberCount = Math.max(this.members.length, this.details.memberCount);
  }

  /** What somebody is called now, as their latest message says. */
  isCalled(userId: string, name: string): void {
    for (const member of this.members) if (member.id === userId) member.username = name;
  }

  left(userId: string): void {
    if (this.details && this.members.some((member) => member.id === userId)) this.details.memberCount -= 1;
    this.members = this.members.filter((member) => member.id !== userId);
  }
}
