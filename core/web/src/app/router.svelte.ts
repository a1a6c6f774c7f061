// Which page is shown. Ordinary links and the browser's history, without a page load in between.
import { tick } from "svelte";
import { isFocusGone } from "./focus";

export type Page = "home" | "posts" | "post" | "rooms" | "settings" | "missing";

const PAGES: [RegExp, Page][] = [
  [/^\/$/, "home"],
  [/^\/posts\/?$/, "posts"],
  [/^\/posts\/(u-[^/]+)$/, "post"],
  [/^\/rooms\/?$/, "rooms"],
  [/^\/rooms\/([^/]+)$/, "rooms"],
  [/^\/settings\/?$/, "settings"],
];

interface Place {
  page: Page;
  id: string | null;
  /** The post before which a list of them begins. */
  before: string | undefined;
  /** What is open on the page. */
  hash: string;
  /** Which form for signing in is open over it. */
  form: string;
}

const FORM = /^(sign-in$|sign-up$|forgot$|reset=)/;

/** What `url` leads to. A form opens over what is there already. */
function placeOf(url: URL, now?: Place): Place {
  const hash = url.hash.slice(1);
  const place: Place = { page: "missing", id: null, before: undefined, ...(FORM.test(hash) ? { hash: "", form: hash } : { hash, form: "" }) };
  for (const [pattern, page] of PAGES) {
    const id = decoded(pattern.exec(url.pathname)?.[1] ?? "");
    if (pattern.test(url.pathname) && id !== null) Object.assign(place, { page, id: id || null });
  }
  const before = url.searchParams.get("before") ?? "";
  if (place.page === "posts" && /^u-[0-9a-z]{26}$/.test(before)) place.before = before;
  if (place.form && now && isSame(now, place)) place.hash = now.hash;
  return place;
}

/** What a part of an address says; null where it is malformed. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

const isSame = (one: Place, other: Place): boolean => one.page === other.page && one.id === other.id && one.before === other.before;

class Router {
  place = $state<Place>(placeOf(new URL(location.href)));
  /** Whether the page was left before, and one came back to it. */
  isBack = false;
}

export const router = new Router();

/** Where one was before this page, if that was a page of ours. */
export const cameFrom = (): string | undefined => history.state?.from;

/** Kept once closing has led back to where one was, which takes a moment. */
let closing: Promise<void> | null = null;

/** Goes to a page of ours. Going where one is, or from one form for signing in to another, is no step that could be taken back. */
export function go(path: string, replace = false): void {
  if (closing) return void closing.then(() => go(path, replace));
  remember();
  const url = new URL(path, location.href);
  const { place } = router;
  const there = placeOf(url, place);
  const from = location.pathname + location.search;
  if (url.href === location.href || (there.form && place.form && isSame(there, place))) {
    history.replaceState(history.state, "", path);
    if (!there.form) scrollTo(0, 0);
  } else if (replace) {
    history.replaceState({}, "", path);
  } else {
    // What opens on the page says over what it did, so that closing it can lead back there.
    const opens = isSame(there, place) && (there.form || there.hash);
    history.pushState(opens ? { from, over: place.hash } : { from }, "", path);
  }
  arrive();
}

/** Waits until the browser has gone a step back. Where that led to another page there is no `hashchange`. */
const steppedBack = (): Promise<void> =>
  new Promise((done) => {
    addEventListener("hashchange", () => done(), { once: true });
    addEventListener("popstate", () => setTimeout(done, 50), { once: true });
  });

/** Takes away what is open on the page without going anywhere: the form over it, or else the hash. */
export function close(): void {
  const { form } = router.place;
  const hash = form && router.place.hash;
  Object.assign(router.place, { hash, form: "" });
  // A form need not be in the address.
  if (form && !FORM.test(location.hash.slice(1))) return;
  if (history.state?.over !== hash) return history.replaceState(history.state, "", location.pathname + location.search + (hash && `#${hash}`));
  closing = steppedBack().then(() => {
    closing = null;
    // Whoever went back at the same moment may be further.
    if (!isSame(placeOf(new URL(location.href)), router.place)) arrive(history.state?.top ?? 0);
  });
  history.back();
}

/**
 * Where to go on after signing in, with `query`: where one wanted to go, or where one is, with what is open there. Nothing if that is
 * no place of its own.
 */
export function next(query = ""): string | undefined {
  const wanted = new URLSearchParams(location.search).get("next") ?? "";
  const path = /^\/(?!\/)[\w/-]*$/.test(wanted) ? wanted : location.pathname;
  const hash = path === location.pathname && router.place.hash ? `#${router.place.hash}` : "";
  return path === "/" || (path === "/posts/" && !hash) ? undefined : path + query + hash;
}

/** Opens a form for signing in over the page. */
export const openForm = (form: string): void => void (router.place.form = form);

/** Gives up to return to where one was. */
let stop = () => {};

function arrive(top?: number): void {
  stop();
  const before = router.place;
  router.isBack = top !== undefined;
  router.place = placeOf(new URL(location.href), before);
  if (isSame(before, router.place)) return;
  // After the new page stands: its beginning is where reading goes on, for eyes and for screen readers.
  void tick().then(() => {
    scrollTo(0, 0);
    if (top) returnTo(top);
    if (before.page !== router.place.page || isFocusGone()) document.getElementById("main")?.focus({ preventScroll: true });
  });
}

/** Scrolls to `top` as soon as the page is long enough, unless the person goes somewhere else first. */
export function returnTo(top: number): void {
  stop();
  const watcher = new ResizeObserver(() => {
    scrollTo(0, top);
    if (scrollY >= Math.floor(top)) stop();
  });
  const signs = ["wheel", "touchstart", "pointerdown", "keydown"];
  stop = () => {
    watcher.disconnect();
    for (const sign of signs) removeEventListener(sign, stop);
  };
  for (const sign of signs) addEventListener(sign, stop);
  watcher.observe(document.body);
}

/** Keeps in the history where one was on the page. */
const remember = (): void => history.replaceState({ ...history.state, top: scrollY }, "");

/** Follows clicks on links that lead to our own pages. */
function follow(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href, location.href);
  const place = placeOf(url);
  if (url.origin !== location.origin || place.page === "missing") return;
  if (url.pathname === location.pathname && place.hash && place.hash !== "write") return;
  event.preventDefault();
  go(url.pathname + url.search + url.hash);
}

/** Leads through the pages from now on; until then links are followed by the browser. */
export function lead(): void {
  addEventListener("click", follow);
}

history.scrollRestoration = "manual";
if (history.state?.top) returnTo(history.state.top);
// When the page is left it can be too late: a reload has the state from before.
for (const moment of ["scrollend", "pagehide"]) addEventListener(moment, remember);
// What was closed is closed already.
addEventListener("popstate", () => closing || arrive(history.state?.top ?? 0));
addEventListener("hashchange", () => closing || (router.place = placeOf(new URL(location.href), router.place)));
