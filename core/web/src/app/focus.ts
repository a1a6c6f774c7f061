/** Gives the focus to the field of a form that wants it, or else to its first: whoever opens one wants to fill it in. */
export function focusField(inside: ParentNode): void {
  (inside.querySelector<HTMLElement>("[autofocus]") ?? inside.querySelector<HTMLElement>("input:not([hidden]), select, textarea"))?.focus();
}
