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
}

export function lines(messages: Message[], readAtFirst: number, ownId: string | undefined): Line[] {
  let marked = readAtFirst === 0;
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const day = !before || new Date(before.createdAt).toDateString() !== new Date(message.createdAt).toDateString();
    const fresh = !marked && message.seq > readAtFirst && message.authorId !== ownId;
    marked ||= fresh;
    const near = before && Date.parse(message.createdAt) - Date.parse(before.createdAt) < TOGETHER;
    const goesOn = !day && !fresh && !!near && before.authorId === message.authorId && !message.replyTo && !before.deleted && !message.deleted;
    return { message, day, fresh, goesOn };
  });
}
