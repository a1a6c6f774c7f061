// What is being written in a room and is not sent yet: neither another room nor a reload loses it.
import { keep as keepAt, kept } from "../app/kept";
import { me } from "../app/me.svelte";

export interface Unsent {
  body: string;
  /** The addresses of files that the server has. */
  attachments: string[];
}

const owner = () => me.user?.id ?? "";

export function keep(roomId: string, unsent: Unsent): void {
  keepAt("unsent", owner(), roomId, unsent.body || unsent.attachments.length ? unsent : null);
}

export const restore = (roomId: string): Unsent => kept("unsent", owner(), roomId) ?? { body: "", attachments: [] };
