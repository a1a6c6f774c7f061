// Begins listening once, when the first room page is opened.
import { rooms } from "./rooms.svelte";

let started = false;

export function start(): void {
  if (started) return;
  started = true;
  rooms.begin();
}
