// What this browser keeps of what somebody writes, so that neither a reload nor the end of a session loses it. It is theirs alone: the name
// of each place says who they are.
type Kind = "draft" | "unsent" | "outbox";

const place = (kind: Kind, owner: string, name: string): string => `${kind}:${owner}:${name}`;

/** Keeps `what`; `null` if there is nothing to be kept. */
export function keep(kind: Kind, owner: string, name: string, what: object | null): void {
  try {
    if (what) localStorage.setItem(place(kind, owner, name), JSON.stringify(what));
    else localStorage.removeItem(place(kind, owner, name));
  } catch {
    // A browser that keeps nothing for us: then a reload loses it.
  }
}

export function kept<T>(kind: Kind, owner: string, name: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(place(kind, owner, name)) ?? "null");
  } catch {
    return null;
  }
}

/** Everything of one kind. */
export function allKept<T>(kind: Kind, owner: string): T[] {
  try {
    const places = Object.keys(localStorage).filter((key) => key.startsWith(place(kind, owner, "")));
    return places.map((key) => JSON.parse(localStorage.getItem(key) ?? ""));
  } catch {
    return [];
  }
}

/** Whether `key` is the place of that. */
export const isAt = (key: string, kind: Kind, owner: string, name: string): boolean => key === place(kind, owner, name);

/** Somebody leaves this browser, which others may use, too. */
export function forgetAll(owner: string): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.split(":")[1] === owner) localStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing for us.
  }
}
