// What is offered while a command is typed.
import type { Typed } from "./typed";
import type { Choice, Command, Member } from "./wire";

export interface Option {
  /** What it is taken for. */
  value: string;
  label: string;
  about: string;
  /** Whose it is. */
  of?: string;
  isBot?: boolean;
}

/** Most members that are offered. */
const MOST = 25;

const fold = (text: string): string => text.toLowerCase();

/** The commands whose name begins with `word`, and after them those that have it somewhere. */
export function named(commands: Command[], word: string): Option[] {
  const found = commands.filter(({ name }) => name.includes(fold(word)));
  const rank = ({ name }: Command) => Number(!name.startsWith(fold(word)));
  return found
    .sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
    .map(({ name, description, botName }) => ({ value: `/${name}`, label: `/${name}`, about: description, of: botName }));
}

/** Whether what fits a parameter is known without asking anybody. */
export const isClosed = ({ parameter }: Typed): boolean => !!parameter && (parameter.choices.length > 0 || parameter.kind === "boolean" || parameter.kind === "member");

/** What fits the parameter at the caret, of which it is known what does. */
export function fitting({ parameter, word }: Typed, members: Member[]): Option[] {
  if (!parameter) return [];
  if (parameter.kind === "member" && !parameter.choices.length) return people(members, fold(word.replace(/^@/, "")));
  const all: Choice[] = parameter.choices.length ? parameter.choices : ["yes", "no"].map((value) => ({ value, description: "" }));
  return suggested(all.filter(({ value }) => fold(value).startsWith(fold(word))));
}

/** What somebody else offers. A bot may say one value twice: what can be chosen is there once. */
export function suggested(choices: Choice[]): Option[] {
  const distinct = choices.filter(({ value }, at) => choices.findIndex((other) => other.value === value) === at);
  return distinct.map(({ value, description }) => ({ value, label: value, about: description }));
}

/** Members of whose name a word begins with `word`. Two of the same name are told apart by their ids. */
function people(members: Member[], word: string): Option[] {
  const begins = ({ username }: Member) => fold(username).startsWith(word) || fold(username).split(/\s+/).some((part) => part.startsWith(word));
  const shares = ({ id, username }: Member) => members.some((other) => other.id !== id && fold(other.username) === fold(username));
  return members
    .filter(begins)
    .sort((one, other) => Number(other.online) - Number(one.online) || one.username.localeCompare(other.username))
    .slice(0, MOST)
    .map((member) => {
      const { id, username, isBot } = member;
      return shares(member) ? { value: id, label: username, about: id, isBot } : { value: username, label: username, about: "", isBot };
    });
}
