// Who is signed in.
import { call, Refusal, sentence, whenSignedOut, type Self } from "./api";
import { boot, type Viewer } from "./boot";
import { forgetAll } from "./kept";
import { t } from "./texts.svelte";
import { say } from "./sayings.svelte";

class Me {
  user = $state<Viewer | null>(boot.user);
  /** Whether it is no news that the session ends. */
  private quiet = false;

  /** Asks again, since another window may have begun a session, and that or another device may have ended it. */
  async check(): Promise<void> {
    try {
      const { user } = (await call("get", "/api/me")).data;
      // Somebody came, or somebody else: a new page, as after signing in here.
      if (user.id !== this.user?.id) return location.reload();
      this.know(user);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** What the server says of the person now. */
  know({ id, username, role }: Self): void {
    this.user = { id, username, admin: role === "admin" };
  }

  /** The session is over, and it was not us who ended it. */
  lost(): void {
    if (!this.user) return;
    this.user = null;
    if (!this.quiet) say(t("frame.signed_out"), "bad");
  }

  /** Does what may end the session, too, and tells whether nobody is signed in after it. */
  async ending(work: () => Promise<unknown>): Promise<boolean> {
    this.quiet = true;
    try {
      await work();
      if (this.user) await call("get", "/api/me").catch(() => undefined);
      return this.user === null;
    } finally {
      this.quiet = false;
    }
  }

  /**
   * Leaves for good: a new page, so that nothing of the person stays in memory, and nothing of what they wrote in the browser. Where the
   * session could not be ended, everything stays as it is.
   */
  async signOut(): Promise<void> {
    const owner = this.user?.id ?? "";
    try {
      await call("post", "/api/logout");
    } catch (error) {
      return say(sentence(error), "bad");
    }
    forgetAll(owner);
    location.assign("/");
  }
}

export const me = new Me();

whenSignedOut(() => me.lost());

const EVERY = 30_000;
let checked = Date.now();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible" || Date.now() - checked < EVERY) return;
  checked = Date.now();
  void me.check();
});
