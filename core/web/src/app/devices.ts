// What a browser calls itself, in words; what a program calls itself as it is. Many browsers claim to be others, too: the first of
// the list is what they are. The server has the same list (core/src/web/settings.rs).
import { t } from "./texts.svelte";

const BROWSERS = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]] as const;
const SYSTEMS = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS X", "macOS"], ["Linux", "Linux"]] as const;

export function device(client: string): string {
  const find = (list: typeof BROWSERS | typeof SYSTEMS) => list.find(([mark]) => client.includes(mark))?.[1];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  if (browser && system) return t("settings.device", { browser, system });
  return client || t("settings.unknown_device");
}
