// How a run of messages is laid out.
import type { Message } from "./wire";

const TOGETHER = 5 * 60_000;

export interface Line {
  message: Message;
  /** Whether a new day begins with it. */
  day: boolean;
  /** Whether what comes from here on is new to the reader. */
  fresh: boolean;
  /** Whether it goes on where its author stopped a moment ago, so that the name need not stand there again. */
  goesOn: boolean;
  /** Whether nobody else sees it, and it is not stored. */
  ephemeral: boolean;
}

const isEphemeral = (message: Message): boolean => message.seq === 0;

/** `messages` with those that are for one person alone at the time at which they came. */
export function merged(messages: Message[], ephemeral: Message[]): Message[] {
  if (!ephemeral.length) return messages;
  // The order of the room is that of `seq`; what is put in keeps its own.
  const all = [...messages];
  for (const one of ephemeral) all.splice(all.findLastIndex((other) => other.createdAt <= one.createdAt) + 1, 0, one);
  return all;
}

/** How `messages` are laid out. What comes after `newAfter` is new; where that begins is known only if what comes before is here. */
export function lines(messages: Message[], newAfter: number | null, ownId: string | undefined): Line[] {
  const first = messages.find((message) => !isEphemeral(message));
  let marked = newAfter === null || !first || first.seq > newAfter + 1;
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const day = !before || new Date(before.createdAt).toDateString() !== new Date(message.createdAt).toDateString();
    const fresh = !marked && message.seq > (newAfter ?? 0) && message.authorId !== ownId;
    marked ||= fresh;
    const near = before && Date.parse(message.createdAt) - Date.parse(before.createdAt) < TOGETHER;
    const ephemeral = isEphemeral(message);
    const goesOn = !day && !fresh && !!near && !ephemeral && !isEphemeral(before) && before.authorId === message.authorId && !message.replyTo && !before.deleted && !message.deleted;
    return { message, day, fresh, goesOn, ephemeral };
  });
}
