// What is being written and is not published yet, for its author alone.
import type { Post } from "./api";
import { keep as keepAt, kept } from "./kept";

export interface Draft {
  title: string;
  body: string;
  attachments: string[];
  /** The name under which it is published: the server makes no second post of it when an answer is lost. */
  key: string;
}

/** A new post, or another version of `post`: when that has changed meanwhile, what was written of the old one does not fit. */
const name = (post: Post | null): string => (post ? `${post.id}:${post.edited_at ?? ""}` : "new");

export const draftOf = (author: string, post: Post | null): Draft | null => kept("draft", author, name(post));

/** Whether somebody is writing a new post. */
export const hasDraft = (author: string): boolean => draftOf(author, null) !== null;

/** Keeps what was written; `null` if there is nothing to be kept. */
export const keep = (author: string, post: Post | null, draft: Draft | null): void => keepAt("draft", author, name(post), draft);
