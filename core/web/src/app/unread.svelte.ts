// Whether something is unread in any room, or an invitation waits. Asked once, when the first page stands; whoever opens rooms keeps it up to date.
import { call } from "./api";
import { me } from "./me.svelte";

class Unread {
  any = $state(false);
}

export const unread = new Unread();

export const waits = (rooms: { unread: number }[], invites: unknown[]): boolean => invites.length > 0 || rooms.some((room) => room.unread > 0);

export async function lookForUnread(): Promise<void> {
  if (!me.user) return;
  const answer = await call("get", "/api/rooms").catch(() => null);
  if (answer) unread.any = waits(answer.data.rooms, answer.data.invites);
}
