// What is being written in a room and is not sent yet. It is kept in this browser, so that neither another room nor a reload loses it.
import { me } from "../app/me.svelte";

export interface Unsent {
  body: string;
  /** The addresses of files that the server has. */
  attachments: string[];
}

const place = (roomId: string) => `unsent:${me.user?.id}:${roomId}`;

export function keep(roomId: string, unsent: Unsent): void {
  try {
    if (unsent.body || unsent.attachments.length) localStorage.setItem(place(roomId), JSON.stringify(unsent));
    else localStorage.removeItem(place(roomId));
  } catch {
    // A browser that keeps nothing for us: then a reload loses it.
  }
}

export function restore(roomId: string): Unsent {
  try {
    const { body, attachments } = JSON.parse(localStorage.getItem(place(roomId)) ?? "{}");
    return { body: body ?? "", attachments: attachments ?? [] };
  } catch {
    return { body: "", attachments: [] };
  }
}
