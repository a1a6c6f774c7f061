// Begins listening once, when the first room page is opened.
import { renderer } from "../app/markdown";
import { rendering } from "../app/rendering.svelte";
import { rooms } from "./rooms.svelte";

let started = false;

export function start(): void {
  if (started) return;
  started = true;
  // Rooms know where their reader is from how high the texts are: these are rendered from the start.
  rendering.use(renderer);
  rooms.begin();
}
