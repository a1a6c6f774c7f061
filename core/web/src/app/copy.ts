// Copying. Browsers let pages do it only where the site is on https.
import { say } from "./sayings.svelte";
import { t } from "./texts.svelte";

/** Puts `text` where it can be pasted from and says `done`; where that cannot be, shows it, so that it can be copied by hand. */
export async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    say(t("frame.copy_by_hand", { text }), "bad");
  }
}
