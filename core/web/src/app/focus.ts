import { tick } from "svelte";

/** Gives the focus to the field that wants it, or else to the first of a form: whoever opens one wants to fill it in. */
export function focusField(inside: ParentNode): void {
  (inside.querySelector<HTMLElement>("[autofocus]") ?? inside.querySelector<HTMLElement>("form :is(input:not([hidden]), select, textarea)"))?.focus();
}

/** Leads the keyboard to what `selector` finds at `place` in a section, or last in it, since what it was on is gone; to the heading if there is none. */
export async function goOnAt(section: HTMLElement, selector: string, place: number): Promise<void> {
  await tick();
  const found = section.querySelectorAll<HTMLElement>(selector);
  (found[Math.min(place, found.length - 1)] ?? section.querySelector<HTMLElement>("h2"))?.focus();
}

/** Whether what had the focus went with the page, or is there and cannot be seen. */
export function isFocusGone(): boolean {
  const { activeElement } = document;
  return !activeElement || activeElement === document.body || activeElement.checkVisibility?.() === false;
}

/** The same, unless the focus is somewhere already: nobody is to be led away from what they are typing. */
export async function goOnIfLost(section: HTMLElement, selector: string, place: number): Promise<void> {
  await tick();
  if (isFocusGone()) await goOnAt(section, selector, place);
}
