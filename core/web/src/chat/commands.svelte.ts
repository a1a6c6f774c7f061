// What can be typed after a slash: the commands of a room's bots, and what suggests itself for their parameters.
import { SvelteMap } from "svelte/reactivity";
import { call } from "../app/api";
import type { Choice, Command } from "./wire";

/** Bots come and go: what is older is asked for again when it is needed. */
const FRESH_FOR = 2 * 60_000;
/** Longer beginnings are texts, for which nothing suggests itself. */
const LONGEST = 64;

interface Known {
  commands: Command[];
  at: number;
}

class Commands {
  private rooms = new SvelteMap<string, Known>();
  private asking = new Set<string>();

  /** Those of a room, as far as they are known. */
  of(roomId: string): Command[] {
    return this.rooms.get(roomId)?.commands ?? [];
  }

  /** Sees to it that those of a room are known. What is known stays in use meanwhile, and if they cannot be had. */
  async need(roomId: string): Promise<void> {
    const known = this.rooms.get(roomId);
    if (this.asking.has(roomId) || (known && Date.now() - known.at < FRESH_FOR)) return;
    this.asking.add(roomId);
    const answer = await call("get", "/api/commands", { query: { roomId } }).catch(() => null);
    this.asking.delete(roomId);
    if (answer) this.rooms.set(roomId, { commands: answer.data.commands, at: Date.now() });
  }

  /** Forgets how old the knowledge of a room is: something in it turned out to be wrong. */
  doubt(roomId: string): void {
    const known = this.rooms.get(roomId);
    if (known) known.at = 0;
  }

  /** What a bot suggests for a parameter of which `typed` is there. */
  async suggest(roomId: string, command: string, parameter: string, typed: string): Promise<Choice[]> {
    if (typed.length > LONGEST) return [];
    const answer = await call("get", "/api/commands/suggestions", { query: { roomId, command, parameter, typed } }).catch(() => null);
    return answer?.data.choices ?? [];
  }
}

export const commands = new Commands();
