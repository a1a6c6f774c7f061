// Times as people say them. `now` moves on by itself, so what is shown does, too.
import { lang, t } from "./texts.svelte";

class Clock {
  now = $state(Date.now());
}

const clock = new Clock();
setInterval(() => (clock.now = Date.now()), 30_000);

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "5 minutes ago"; after a week the date. */
export function relative(moment: string): string {
  const then = Date.parse(moment);
  const seconds = Math.round((clock.now - then) / 1000);
  if (seconds < 60) return t("time.now");
  if (seconds > 7 * 86_400) {
    const sameYear = new Date(then).getFullYear() === new Date(clock.now).getFullYear();
    return new Intl.DateTimeFormat(lang(), { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" }).format(then);
  }
  const [unit, size] = STEPS.find(([, size]) => seconds >= size) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(lang(), { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

export const exact = (moment: string): string => new Intl.DateTimeFormat(lang(), { dateStyle: "full", timeStyle: "short" }).format(Date.parse(moment));

export const clockTime = (moment: string): string => new Intl.DateTimeFormat(lang(), { timeStyle: "short" }).format(Date.parse(moment));

/** "Today", "Yesterday", or the date. */
export function day(moment: string): string {
  const date = new Date(moment);
  const today = new Date(clock.now);
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return t("room.today");
  if (date.toDateString() === yesterday.toDateString()) return t("room.yesterday");
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(lang(), { weekday: "long", day: "numeric", month: "long", year }).format(date);
}
