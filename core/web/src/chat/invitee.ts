// Somebody who is invited, as the API names them.

export type Site = "email" | "discord" | "reddit";
export type Kind = "any" | Site;

/** The sites whose people can be invited; each is a provider of sign-in, which may be off. */
export const SITES: Site[] = ["email", "discord", "reddit"];

/** What was typed as what it was said to be. What says itself what it is stays as it is; an address is meant as one, whatever was chosen. */
export function invitee(kind: Kind, typed: string): string {
  // Reddit itself writes names as u/name.
  const who = typed.trim().replace(/^\/?u\/(?=.)/i, kind === "any" ? "reddit_" : "");
  if (kind === "any") return who.includes("@") && !who.startsWith("email_") ? `email_${who}` : who;
  return who.startsWith(`${kind}_`) ? who : `${kind}_${who}`;
}

/** The site at which the API looks for `who` (core/src/rooms/model.rs); null for a member or bot here. */
export function siteOf(who: string): Site | null {
  if (/^(usr|bot)-[\da-z]{26}$/.test(who)) return null;
  const named = SITES.find((site) => who.startsWith(`${site}_`));
  return named ?? (/^\d{17,20}$/.test(who) ? "discord" : "reddit");
}
