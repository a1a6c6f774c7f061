/** Gives the focus to the field that wants it, or else to the first of a form: whoever opens one wants to fill it in. */
export function focusField(inside: ParentNode): void {
  (inside.querySelector<HTMLElement>("[autofocus]") ?? inside.querySelector<HTMLElement>("form :is(input:not([hidden]), select, textarea)"))?.focus();
}
