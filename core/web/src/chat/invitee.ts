// Somebody who is invited, as the API names them.

export type Kind = "any" | "email" | "discord" | "reddit";

/** What was typed as what it was said to be. What says itself what it is stays as it is; an address is meant as one, whatever was chosen. */
export function invitee(kind: Kind, typed: string): string {
  const who = typed.trim();
  if (kind === "any") return who.includes("@") && !who.startsWith("email_") ? `email_${who}` : who;
  return who.startsWith(`${kind}_`) ? who : `${kind}_${who}`;
}
