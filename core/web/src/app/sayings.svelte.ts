// Sentences that appear at the edge of the page and are read out: something was done, or was not.

export interface Saying {
  id: number;
  text: string;
  kind: "good" | "bad";
}

class Sayings {
  all = $state<Saying[]>([]);
}

export const sayings = new Sayings();

let last = 0;
const SHOWN_FOR = 6000;

export function say(text: string, kind: Saying["kind"] = "good"): void {
  const id = ++last;
  sayings.all.push({ id, text, kind });
  setTimeout(() => dismiss(id), kind === "bad" ? 2 * SHOWN_FOR : SHOWN_FOR);
}

export function dismiss(id: number): void {
  sayings.all = sayings.all.filter((one) => one.id !== id);
}
