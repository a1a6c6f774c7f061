// How much is unread: messages in all rooms, and invitations. The server is asked when the first page stands and when one comes back to it,
// and what is heard of in between is added to that; rooms, once they are open here, count exactly.
import { call } from "./api";
import { me } from "./me.svelte";

/** A message in its room. */
type Place = { roomId: string; seq: number };

/** Gives how much is unread; null while that is not known. */
type Counter = () => number | null;

class Unread {
  private known = $state(0);
  private asked = 0;
  /** The last message of each room that is counted. */
  private upTo = new Map<string, number>();
  /** What was heard of since the server was asked; null while it is not. */
  private meanwhile: Place[] | null = null;
  private counter = $state.raw<Counter>(() => null);

  get count(): number {
    return me.user ? (this.counter() ?? this.known) : 0;
  }

  /** Lets `counter` count from now on. */
  countBy(counter: Counter): void {
    this.counter = counter;
  }

  /** A message is unread. It may be among what the server has counted already. */
  more(message: Place): void {
    this.meanwhile?.push(message);
    if (message.seq <= (this.upTo.get(message.roomId) ?? 0)) return;
    this.upTo.set(message.roomId, message.seq);
    this.known += 1;
  }

  /** Asks the server, where nobody counts. */
  async ask(): Promise<void> {
    if (!me.user || this.counter() !== null) return;
    const number = ++this.asked;
    this.meanwhile = [];
    const answer = await call("get", "/api/rooms").catch(() => null);
    // A later one knows more, and may be answered before.
    if (number !== this.asked) return;
    const { meanwhile } = this;
    this.meanwhile = null;
    if (!answer) return;
    const { rooms, invites } = answer.data;
    this.known = total(rooms, invites);
    this.upTo = new Map(rooms.map(({ id, seq }) => [id, seq]));
    for (const message of meanwhile ?? []) this.more(message);
  }
}

export const unread = new Unread();

export const total = (rooms: { unread: number }[], invites: unknown[]): number => rooms.reduce((sum, room) => sum + room.unread, invites.length);

/** A count where there is little room for one. */
export const brief = (count: number): string => (count > 99 ? "99+" : String(count));
