// What somebody has typed of a command so far. Words are told apart as the server does (core/src/plugins/bot/commands.rs).
import type { Command, Parameter } from "./wire";

/** A command that is being typed, and the word of it at the caret. */
export interface Typed {
  /** The command, once its name is complete; while the name is typed there is none. */
  command: Command | null;
  /** What the word at the caret is for; null at the name, and after the last one. */
  parameter: Parameter | null;
  /** Where the word is. */
  from: number;
  to: number;
  /** What stands of the word before the caret, without quotation marks. */
  word: string;
}

/** Reads `text`; null if it is no command, or none that is known. */
export function read(text: string, caret: number, commands: Command[]): Typed | null {
  const from = text.search(/\S/);
  const to = end(text, from, /\s/);
  if (!isCommand(text) || caret <= from) return null;
  if (caret <= to) return { command: null, parameter: null, from, to, word: text.slice(from + 1, caret) };
  const command = commands.find((one) => one.name === text.slice(from + 1, to));
  return command ? argument(text, caret, to, command) : null;
}

/** Whether the server would take `text` for a command: it begins with one slash. */
export const isCommand = (text: string): boolean => /^\s*\/(?!\/)/.test(text);

function argument(text: string, caret: number, begin: number, command: Command): Typed {
  let at = begin;
  for (const parameter of command.parameters) {
    const from = end(text, at, /\S/);
    const to = takesRest(command, parameter) ? text.length : endOfWord(text, from);
    // Between two words: something is being put in.
    if (caret < from) return { command, parameter, from: caret, to: caret, word: "" };
    if (caret <= to) return { command, parameter, from, to, word: plain(text.slice(from, caret)) };
    at = to;
  }
  return { command, parameter: null, from: caret, to: caret, word: "" };
}

/** Whether everything that follows belongs to `parameter`. */
export const takesRest = (command: Command, parameter: Parameter): boolean =>
  parameter === command.parameters.at(-1) && parameter.kind === "text" && parameter.choices.length === 0;

/** Whether something must still be given after the word at the caret. */
export function needsMore({ command, parameter }: Typed): boolean {
  const at = parameter ? (command?.parameters.indexOf(parameter) ?? -1) : -1;
  return command?.parameters[at + 1]?.required ?? false;
}

/** `value` as one word. */
export const quoted = (value: string): string => (/[\s"]/.test(value) || value === "" ? `"${value.replace(/["\\]/g, "\\$&")}"` : value);

function end(text: string, from: number, what: RegExp): number {
  const length = text.slice(from).search(what);
  return length < 0 ? text.length : from + length;
}

function endOfWord(text: string, from: number): number {
  if (text[from] !== '"') return end(text, from, /\s/);
  const closed = /^"(?:\\[^]|[^"\\])*"/.exec(text.slice(from));
  return closed ? from + closed[0].length : text.length;
}

const plain = (word: string): string => (word.startsWith('"') ? word.replace(/^"|"$/g, "").replace(/\\([^])/g, "$1") : word);
