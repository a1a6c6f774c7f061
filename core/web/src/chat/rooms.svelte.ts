// All rooms of the person, and those that are open in this browser.
import { call, sentence } from "../app/api";
import { me } from "../app/me.svelte";
import { say } from "../app/sayings.svelte";
import { router } from "../app/router.svelte";
import { t } from "../app/texts.svelte";
import { total, unread } from "../app/unread.svelte";
import { connection } from "./connection.svelte";
import { outbox } from "./outbox.svelte";
import { Room } from "./room.svelte";
import type { Message, RoomSummary } from "./wire";
import { putAway } from "./writing.svelte";

/** So many rooms are kept up to date, whether or not one looks at them. */
const MOST_OPEN = 10;
/** A room that nobody looks at is not kept with more messages than this. */
const MOST_UNSEEN = 600;

class Rooms {
  /** Those with the latest messages first. */
  list = $state<RoomSummary[] | null>(null);
  problem = $state("");
  catchingUp = $state(false);
  /** Into which one was invited and has not entered. */
  invitations = $state<RoomSummary[]>([]);
  /** Those that were looked at, the latest last. */
  private open = new Map<string, Room>();
  /** The one that is looked at. */
  private shown: string | null = null;
  /** How often the list was asked for, and which of its answers is here. */
  private asked = 0;
  private answered = 0;
  private announce: (message: Message) => void = () => {};

  begin(): void {
    for (const event of ["message:new", "message:edited", "message:deleted", "message:reacted"] as const) {
      connection.on(event, ({ message }) => this.hear(message, event === "message:new"));
    }
    connection.on("room:joined", ({ roomId, user }) => {
      this.open.get(roomId)?.entered(user);
      if (user.id === me.user?.id) this.entered(roomId);
    });
    connection.on("room:left", ({ roomId, user, reason }) => {
      this.open.get(roomId)?.left(user.id);
      if (user.id !== me.user?.id) return;
      this.forget(roomId, reason === "left" ? null : "removed");
      // Who looks at the room is told there.
      if (reason !== "left" && router.place.id !== roomId) say(t("room.removed"), "bad");
    });
    connection.on("room:deleted", ({ roomId }) => this.forget(roomId, "deleted"));
    connection.on("room:changed", ({ roomId, name, access }) => {
      const room = this.open.get(roomId);
      if (room?.details) Object.assign(room.details, { name, access });
      this.summary(roomId, (one) => Object.assign(one, { name, access }));
    });
    connection.on("room:role", ({ roomId, userId, role }) => {
      const room = this.open.get(roomId);
      for (const member of room?.members ?? []) if (member.id === userId) member.role = role;
      if (room?.details && userId === me.user?.id) room.details.role = role;
    });
    connection.on("room:invited", ({ room }) => {
      this.invitations = [room, ...this.invitations.filter((other) => other.id !== room.id)];
      say(t("rooms.invited", { name: room.name }));
    });
    connection.on("room:read", ({ roomId, userId, seq }) => {
      if (userId !== me.user?.id) return;
      const room = this.open.get(roomId);
      if (room) room.readSeq = Math.max(room.readSeq, seq);
      this.summary(roomId, (one) => void (one.unread = Math.min(one.unread, Math.max(0, one.seq - seq))));
    });
    connection.on("typing", ({ roomId, userId, username, on }) => this.open.get(roomId)?.isTyping(userId, username, on));
    connection.on("presence", ({ roomId, userId, online }) => {
      for (const member of this.open.get(roomId)?.members ?? []) if (member.id === userId) member.online = online;
    });
    outbox.whenSent((message) => this.hear(message, true));
    outbox.whenRun((message, { audience }) => {
      // An answer to the whole room comes as `message:new`.
      if (audience !== "caller") return;
      this.open.get(message.roomId)?.show(message);
      if (message.authorId !== me.user?.id) this.announce(message);
    });
    unread.countBy(() => this.unread());
    connection.whenever((again) => void this.catchUp(again));
    connection.open();
  }

  async load(): Promise<void> {
    const number = ++this.asked;
    try {
      const { rooms, invites } = (await call("get", "/api/rooms")).data;
      // One that was asked for later knows more, and was answered before.
      if (number < this.answered) return;
      this.answered = number;
      [this.list, this.invitations] = [rooms.map((one) => this.current(one)), invites];
      this.problem = "";
    } catch (error) {
      if (number > this.answered) this.problem = sentence(error);
    }
  }

  /** A room as the server told of it, with what was heard and read while its answer was on its way. */
  private current(told: RoomSummary): RoomSummary {
    const [known, room] = [this.list?.find(({ id }) => id === told.id), this.open.get(told.id)];
    const { seq, unread } = known && known.seq > told.seq ? known : told;
    const read = room?.followed ? seq : (room?.readSeq ?? 0);
    return { ...told, seq, unread: Math.min(unread, Math.max(0, seq - read)) };
  }

  /** The room with this id, loaded once. */
  get(id: string): Room {
    let room = this.open.get(id);
    if (!room) {
      room = new Room(id);
      this.open.set(id, room);
      void room.load();
    }
    return room;
  }

  /** Somebody looks at a room, until the function that it gives back is called. */
  look(room: Room): () => void {
    this.shown = room.id;
    this.open.delete(room.id);
    this.open.set(room.id, room);
    // The oldest first.
    for (const id of [...this.open.keys()]) if (this.open.size > MOST_OPEN && id !== room.id) this.close(id);
    return () => {
      if (this.shown === room.id) this.shown = null;
      this.ease(room);
    };
  }

  /** Lets go of a room in which too much has come to be kept unseen. It is read again when somebody looks at it. */
  private ease(room: Room): void {
    if (room.id !== this.shown && room.messages.length > MOST_UNSEEN) this.close(room.id);
  }

  /** Whether something is in a room, or on its way there, that the server does not give again: what a bot says to its caller alone. */
  private isNeeded(id: string): boolean {
    return !!this.open.get(id)?.ephemeral.length || outbox.all.some((one) => one.roomId === id && one.running);
  }

  private close(id: string): void {
    if (this.isNeeded(id)) return;
    this.open.delete(id);
    putAway(id);
  }

  /** Calls `listener` with what others write. */
  whenSomebodyWrites(listener: (message: Message) => void): void {
    this.announce = listener;
  }

  readUpTo(id: string): void {
    this.summary(id, (one) => (one.unread = 0));
  }

  /** The person has become a member, here or in another window. */
  entered(id: string): void {
    const room = this.open.get(id);
    if (room?.phase === "outside") void room.load();
    void this.load();
  }

  /** Makes the person a member of a room that they were invited to. */
  async accept(id: string): Promise<void> {
    await call("post", "/api/rooms/{id}/join", { path: { id } });
    this.dropInvitation(id);
    this.entered(id);
  }

  async decline(id: string): Promise<void> {
    await call("post", "/api/rooms/{id}/leave", { path: { id } });
    this.dropInvitation(id);
  }

  private dropInvitation(id: string): void {
    this.invitations = this.invitations.filter((one) => one.id !== id);
  }

  /** The person is no member any more. Whoever shows the room goes on doing so: unless it `ended` for them, they may enter it again. */
  forget(id: string, ended: Room["ended"] = null): void {
    this.open.get(id)?.lose(ended);
    this.list = this.list?.filter((one) => one.id !== id) ?? null;
  }

  /** Brings the rooms up to date: also when the socket stands for the first time, since they were read before it did. */
  private async catchUp(again: boolean): Promise<void> {
    this.catchingUp = again;
    await Promise.all([this.load(), ...[...this.open.values()].map((room) => room.comeBack(again))]);
    // Those that one was let into meanwhile.
    for (const { id } of this.list ?? []) if (this.open.get(id)?.phase === "outside") void this.open.get(id)?.load();
    for (const room of [...this.open.values()]) this.ease(room);
    this.catchingUp = false;
  }

  private hear(message: Message, isNew: boolean): void {
    this.open.get(message.roomId)?.hear(message);
    if (message.clientId && message.authorId === me.user?.id) outbox.remove(message.clientId);
    if (!isNew) return;
    const room = this.open.get(message.roomId);
    room?.isTyping(message.authorId, message.authorName, false);
    room?.isCalled(message.authorId, message.authorName);
    if (room) this.ease(room);
    const isOwn = message.authorId === me.user?.id;
    this.summary(message.roomId, (one) => {
      if (message.seq <= one.seq) return;
      one.seq = message.seq;
      // Whoever writes has read.
      one.unread = isOwn ? 0 : one.unread + 1;
      this.list = [one, ...(this.list ?? []).filter((other) => other.id !== one.id)];
    });
    if (!isOwn) this.announce(message);
  }

  private summary(id: string, change: (one: RoomSummary) => void): void {
    const one = this.list?.find((room) => room.id === id);
    if (one) change(one);
  }

  /** How much is unread, but for what comes under the reader's eyes: that is about to be read. */
  private unread(): number | null {
    const rooms = this.list?.filter(({ id }) => !this.open.get(id)?.followed);
    return rooms ? total(rooms, this.invitations) : null;
  }
}

export const rooms = new Rooms();
