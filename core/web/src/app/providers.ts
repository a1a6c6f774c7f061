// What the ways to sign in are called.
import { boot } from "./boot";
import { t } from "./texts.svelte";

/** Other sites have names; an address is called so in the language of the page. */
export function providerName(id: string, name = boot.providers.find((one) => one.id === id)?.name): string {
  return id === "email" ? t("auth.email") : (name ?? id);
}
