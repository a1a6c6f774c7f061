// Which page is shown. Ordinary links and the browser's history, without a page load in between.

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
  hash: string;
}

function placeOf(url: URL): Place {
  for (const [pattern, page] of PAGES) {
    const found = pattern.exec(url.pathname);
    if (found) return { page, id: found[1] ? decodeURIComponent(found[1]) : null, hash: url.hash.slice(1) };
  }
  return { page: "missing", id: null, hash: "" };
}

class Router {
  place = $state<Place>(placeOf(new URL(location.href)));
}

export const router = new Router();

/** Goes to a page of ours. */
export function go(path: string, replace = false): void {
  history.replaceState({ ...history.state, top: scrollY }, "");
  history[replace ? "replaceState" : "pushState"]({}, "", path);
  arrive(0);
}

/** Takes the hash away without going anywhere. */
export function dropHash(): void {
  history.replaceState(history.state, "", location.pathname + location.search);
  router.place.hash = "";
}

function arrive(top: number): void {
  const before = router.place;
  router.place = placeOf(new URL(location.href));
  if (before.page === router.place.page && before.id === router.place.id) return;
  // After the new page stands: its beginning is where reading goes on, for eyes and for screen readers.
  requestAnimationFrame(() => {
    scrollTo(0, top);
    if (before.page !== router.place.page) document.getElementById("main")?.focus({ preventScroll: true });
  });
}

/** Follows clicks on links that lead to our own pages. */
function follow(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || placeOf(url).page === "missing") return;
  if (url.pathname === location.pathname && url.hash && !/^#(sign|forgot|write|reset)/.test(url.hash)) return;
  event.preventDefault();
  go(url.pathname + url.search + url.hash);
}

history.scrollRestoration = "manual";
addEventListener("click", follow);
addEventListener("popstate", () => arrive(history.state?.top ?? 0));
addEventListener("hashchange", () => (router.place.hash = location.hash.slice(1)));
