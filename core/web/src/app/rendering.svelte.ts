// Texts as HTML. What renders them is large and slow to begin, so it comes when there is a text that the server has not rendered.
import type { Post } from "./api";
import { first } from "./first";

type Render = (text: string) => string;

let renderer = $state.raw<Render | null>(null);
let coming: Promise<void> | undefined;

export const rendering = {
  /** What renders a text, once it is here. */
  get render(): Render | null {
    return renderer;
  },
  /** Fetches it. */
  ready(): Promise<void> {
    coming ??= import("./markdown").then(({ render }) => void (renderer = render));
    // Whoever asks after a failure has it tried again.
    coming.catch(() => (coming = undefined));
    return coming;
  },
};

/** The texts of posts on the page that the server rendered. Other pages may show less of a text, or more. */
const rendered = new Map<string, string>();
for (const entry of document.querySelectorAll<HTMLElement>("article[data-entry]")) {
  rendered.set(version(entry.id, entry.dataset.edited), entry.querySelector(":scope > .text")?.innerHTML ?? "");
}
void first.ready.then(() => rendered.clear());

function version(id: string, edited: string | null | undefined): string {
  return `${id} ${edited ?? ""}`;
}

/** The text of `post` as it is now, if the server has rendered it for this page. */
export const fromServer = (post: Post): string | undefined => rendered.get(version(post.id, post.edited_at));
