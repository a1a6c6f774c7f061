// The list of posts. It is kept while other pages are shown, so that whoever comes back finds it as it was.
import { call, sentence, type Post } from "./api";
import { rendering } from "./rendering.svelte";

const PER_PAGE = 20;
const AT_ONCE = 4;

class Feed {
  posts = $state<Post[]>([]);
  phase = $state<"loading" | "idle" | "failed">("loading");
  more = $state(true);
  problem = $state("");
  /** Whether others have written since, which is not among `waiting`. */
  stale = $state(false);
  /** What others have written since, the newest first. It is shown when the reader wants it to be. */
  waiting = $state<Post[]>([]);
  /** The post before which the list begins; without one it begins with the newest. */
  before: string | undefined;
  private etag = "";
  /** How many lists were begun: the answer for an earlier one comes too late. */
  private begun = 0;

  /** Begins with the posts before `before`, whatever was here. */
  begin(before?: string): Promise<void> {
    this.before = before;
    this.begun += 1;
    this.posts = this.waiting = [];
    this.stale = false;
    this.etag = "";
    return this.load(before);
  }

  /** Loads the newest again, in place of what is here: an answer with older ones would not fit to it any more. */
  renew = (): Promise<void> => {
    this.begun += 1;
    return this.load();
  };

  /** Loads what comes after the last one that is here. */
  older = (): Promise<void> => this.load(this.posts.at(-1)?.id ?? this.before);

  private async load(before?: string): Promise<void> {
    const isFirst = this.posts.length === 0;
    const { begun } = this;
    this.phase = "loading";
    try {
      const answer = await call("get", "/api/posts", { query: { limit: PER_PAGE, before } });
      // What is added to the page appears whole.
      if (!isFirst) await rendering.ready();
      if (begun !== this.begun) return;
      if (!before) this.etag = answer.headers.get("etag") ?? "";
      if (isFirst) await this.build(answer.data, begun);
      else this.posts = before ? [...this.posts, ...answer.data] : answer.data;
      if (begun !== this.begun) return;
      this.more = answer.headers.has("link");
      if (!before) this.beginsWith(answer.data[0]);
      this.phase = "idle";
    } catch (error) {
      if (begun !== this.begun) return;
      this.problem = sentence(error);
      this.phase = "failed";
    }
  }

  /** The list begins with `newest`. What was heard of since the server looked is not in it, and still waits. */
  private beginsWith(newest: Post | undefined): void {
    this.stale = false;
    this.waiting = this.waiting.filter(({ id }) => id > (newest?.id ?? ""));
  }

  /** Makes the first page bit by bit, beside the one that the server rendered: the browser stays free to answer its visitor. */
  private async build(all: Post[], begun: number): Promise<void> {
    for (let count = AT_ONCE; begun === this.begun; count += AT_ONCE) {
      // What was written or shown meanwhile stays above it.
      const since = this.posts.filter((post) => !all.some(({ id }) => id === post.id));
      this.posts = [...since, ...all.slice(0, count)];
      if (count >= all.length) return;
      await new Promise((go_on) => setTimeout(go_on));
    }
  }

  /** Whoever comes back is told that there is something new; what they are reading stays where it is. */
  look = async (): Promise<void> => {
    if (document.visibilityState !== "visible" || !this.etag) return;
    const { begun } = this;
    const answer = await call("get", "/api/posts", { query: { limit: 1 }, etag: this.etag }).catch(() => null);
    // No answer says nothing, and one for an earlier list nothing of this one.
    if (!answer || begun !== this.begun) return;
    const newest = answer.status === 200 ? answer.data[0]?.id : undefined;
    this.stale = newest !== undefined && newest !== (this.waiting[0] ?? this.posts[0])?.id;
  };

  /** Somebody has written `post`. */
  arrived(post: Post): void {
    if (!this.before && ![...this.waiting, ...this.posts].some((other) => other.id === post.id)) this.waiting = [post, ...this.waiting];
  }

  showWaiting(): void {
    [this.posts, this.waiting] = [[...this.waiting, ...this.posts], []];
  }

  /** One's own post is published. */
  published(post: Post): void {
    this.posts = [post, ...this.posts.filter((other) => other.id !== post.id)];
    this.waiting = this.waiting.filter((other) => other.id !== post.id);
  }

  /** What a post says now, if it is here. */
  know(post: Post): void {
    this.posts = this.posts.map((one) => (one.id === post.id ? post : one));
  }

  forget(id: string): void {
    this.posts = this.posts.filter((one) => one.id !== id);
  }
}

export const feed = new Feed();
