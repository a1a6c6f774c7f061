// What the pages say. Catalogues are shared with the server (core/web/texts).
import de from "../../texts/de.json";
import en from "../../texts/en.json";
import { boot } from "./boot";

export type Key = keyof typeof en;
export type Lang = "en" | "de";

const catalogues: Record<Lang, Record<Key, string>> = { en, de };

class Texts {
  lang = $state<Lang>(boot.lang === "de" ? "de" : "en");
}

const texts = new Texts();

/** The language in use, for `Intl`. */
export const lang = (): Lang => texts.lang;

/** The text called `key`, with values in place of `{names}`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = catalogues[texts.lang][key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export const isKey = (key: string): key is Key => key in en;

const year = 365 * 24 * 3600;

/** Remembers how this browser's owner wants to see pages, where the server reads it, too. */
export function prefer(name: "lang" | "theme", value: string | null): void {
  document.cookie = `${name}=${value ?? ""}; path=/; samesite=lax; max-age=${value ? year : 0}`;
}

export function preferred(name: "lang" | "theme"): string | null {
  const pair = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return pair?.slice(name.length + 1) || null;
}

/** Speaks `wanted` from now on; `null` is what the browser asks for. */
export function speak(wanted: Lang | null): void {
  prefer("lang", wanted);
  const asked = navigator.languages.map((tag) => tag.split("-")[0]).find((tag) => tag === "en" || tag === "de");
  texts.lang = wanted ?? (asked === "de" ? "de" : "en");
  document.documentElement.lang = texts.lang;
}

export function paint(theme: "light" | "dark" | null): void {
  prefer("theme", theme);
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
