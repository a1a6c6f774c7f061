// What is being written and is not published yet. It is kept in this browser, for its author alone, so that neither the end of a session
// nor a reload loses it.
import type { Post } from "./api";

export interface Draft {
  title: string;
  body: string;
  attachments: string[];
  /** The name under which it is published: the server makes no second post of it when an answer is lost. */
  key: string;
}

/** A new post, or another version of `post`: when that has changed meanwhile, what was written of the old one does not fit. */
const place = (author: string, post: Post | null): string => `draft:${author}:${post ? `${post.id}:${post.edited_at ?? ""}` : "new"}`;

export function draftOf(author: string, post: Post | null): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(place(author, post)) ?? "null");
  } catch {
    return null;
  }
}

/** Whether somebody is writing a new post. */
export const hasDraft = (author: string): boolean => draftOf(author, null) !== null;

/** Keeps what was written; `null` if there is nothing to be kept. */
export function keep(author: string, post: Post | null, draft: Draft | null): void {
  try {
    if (draft) localStorage.setItem(place(author, post), JSON.stringify(draft));
    else localStorage.removeItem(place(author, post));
  } catch {
    // A browser that keeps nothing for us: then a reload loses what was not published.
  }
}
