// Texts as HTML. What renders them is large and slow to begin, so it comes when there is a text that the server has not rendered.
import type { Post } from "./api";
import { first } from "./first";
import { isPicture, leadsIntoApi } from "./ours";

export type Render = (text: string) => string;

/** What is to be known of the addresses in a text. */
export interface Ours {
  /** Whether it is that of a picture that may be shown. */
  isPicture: (url: string) => boolean;
  /** Whether it is shown as the text it is. */
  leadsIntoApi: (url: string) => boolean;
}

let renderer = $state.raw<Render | null>(null);
let coming: Promise<void> | undefined;

export const rendering = {
  /** What renders a text, once it is here. */
  get render(): Render | null {
    return renderer;
  },
  /** Fetches it. Where that fails, texts are shown as they were written. */
  ready(): Promise<void> {
    coming ??= import("./markdown").then(
      ({ renderer }) => rendering.use(renderer),
      // Whoever asks next tries again.
      () => void (coming = undefined),
    );
    return coming;
  },
  /** Takes it from whoever has it already. */
  use(make: (ours: Ours) => Render): void {
    renderer = make({ isPicture, leadsIntoApi });
  },
};

/** The texts of posts on the page that the server rendered. Other pages show less of a text, or more. */
const page = location.pathname;
const rendered = new Map<string, string>();
for (const entry of document.querySelectorAll<HTMLElement>("article[data-entry]")) {
  rendered.set(version(entry.id, entry.dataset.edited), entry.querySelector(":scope > .text")?.innerHTML ?? "");
}
void first.ready.then(() => rendered.clear());

function version(id: string, edited: string | null | undefined): string {
  return `${id} ${edited ?? ""}`;
}

/** The text of `post` as it is now, if the server has rendered it for this page. */
export const fromServer = (post: Post): string | undefined => (location.pathname === page ? rendered.get(version(post.id, post.edited_at)) : undefined);
