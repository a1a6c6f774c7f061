// Times as people say them. `now` moves on by itself, so what is shown does, too.
import { lang, t } from "./texts.svelte";

class Clock {
  now = $state(Date.now());
}

const clock = new Clock();
setInterval(() => (clock.now = Date.now()), 30_000);

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["hour", 3_600],
  ["minute", 60],
];

// Making one costs more than using it a hundred times.
const formats = new Map<string, Intl.DateTimeFormat>();

function format(moment: string | number, options: Intl.DateTimeFormatOptions): string {
  const key = lang() + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(lang(), options);
  formats.set(key, known);
  return known.format(new Date(moment));
}

const year = (moment: string) => (new Date(moment).getFullYear() === new Date(clock.now).getFullYear() ? undefined : "numeric");

const ago = { en: new Intl.RelativeTimeFormat("en", { numeric: "auto" }), de: new Intl.RelativeTimeFormat("de", { numeric: "auto" }) };

/** How often it was midnight since `moment`. Days may have an hour more or less. */
function midnights(moment: string): number {
  const begin = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((begin(new Date(clock.now)) - begin(new Date(moment))) / 86_400_000);
}

/** "5 minutes ago", "yesterday" if it was; after a week the date. */
export function relative(moment: string): string {
  const seconds = Math.round((clock.now - Date.parse(moment)) / 1000);
  if (seconds < 60) return t("time.now");
  if (seconds > 7 * 86_400) return format(moment, { day: "numeric", month: "short", year: year(moment) });
  const days = midnights(moment);
  if (seconds >= 86_400 && days > 0) return ago[lang()].format(-days, "day");
  const [unit, size] = STEPS.find(([, size]) => seconds >= size) ?? ["minute", 60];
  return ago[lang()].format(-Math.floor(seconds / size), unit);
}

export const exact = (moment: string): string => format(moment, { dateStyle: "full", timeStyle: "short" });

/** As exact as that, in fewer words. */
export const stamp = (moment: string): string => format(moment, { dateStyle: "medium", timeStyle: "short" });

export const clockTime = (moment: string): string => format(moment, { timeStyle: "short" });

/** "Today", "Yesterday", or the date. */
export function day(moment: string): string {
  const date = new Date(moment).toDateString();
  const today = new Date(clock.now);
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date === today.toDateString()) return t("room.today");
  if (date === yesterday.toDateString()) return t("room.yesterday");
  return format(moment, { weekday: "long", day: "numeric", month: "long", year: year(moment) });
}
