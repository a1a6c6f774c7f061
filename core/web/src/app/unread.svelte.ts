// How much is unread: messages in all rooms, and invitations. The server is asked when the first page stands and when one comes back to it,
// and what is heard of in between is added to that; rooms, once they are open here, count exactly.
import { call } from "./api";
import { me } from "./me.svelte";

/** Gives how much is unread; null while that is not known. */
type Counter = () => number | null;

class Unread {
  private known = $state(0);
  private asked = 0;
  private counter = $state.raw<Counter>(() => null);

  get count(): number {
    return me.user ? (this.counter() ?? this.known) : 0;
  }

  /** Lets `counter` count from now on. */
  countBy(counter: Counter): void {
    this.counter = counter;
  }

  /** Something else is unread. */
  more(): void {
    this.known += 1;
  }

  /** Asks the server, where nobody counts. */
  async ask(): Promise<void> {
    if (!me.user || this.counter() !== null) return;
    const number = ++this.asked;
    const answer = await call("get", "/api/rooms").catch(() => null);
    // A later one knows more, and may be answered before.
    if (answer && number === this.asked) this.known = total(answer.data.rooms, answer.data.invites);
  }
}

export const unread = new Unread();

export const total = (rooms: { unread: number }[], invites: unknown[]): number => rooms.reduce((sum, room) => sum + room.unread, invites.length);

/** A count where there is little room for one. */
export const brief = (count: number): string => (count > 99 ? "99+" : String(count));
