// What is a file of this community.
import { boot } from "./boot";

/**
 * Whether `url` leads to one of our own files. Their names are plain; whatever a browser might read in another way than we do (dots
 * that lead upwards, in any spelling, backslashes, a query) is no name of a file, and could lead to an operation of the API.
 */
export function isOurs(url: string): boolean {
  const base = boot.pictures.find((base) => url.startsWith(base));
  const name = base && url.slice(base.length);
  return name !== undefined && /^[\w./-]*$/.test(name) && !name.split("/").some((part) => part === "." || part === "..");
}

/**
 * Whether `url` leads into our API, in which a mere visit can end a session or begin that of somebody else. The address is read as browsers
 * and the servers before ours may read it, so it is another one in doubt; the server does the same (core/src/web/markdown.rs).
 */
export function leadsIntoApi(url: string): boolean {
  try {
    const { hostname, pathname } = new URL(url, location.href);
    const hosts = [location.href, boot.base ?? location.href].map((own) => bare(new URL(own).hostname));
    return hosts.includes(bare(hostname)) && firstPart(decoded(pathname)).toLowerCase() === "api";
  } catch {
    return false;
  }
}

/** A host's name without the dot at its end that says the same. */
const bare = (host: string): string => host.replace(/\.+$/, "");

/** With letters in place of what stands for them, like `%61`. What is not ASCII is in no name that we know, and stays as it is. */
const decoded = (path: string): string => path.replace(/%([0-7][\da-f])/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));

/** The first part of a path, whatever slashes it has, and after going where its dots lead. */
function firstPart(path: string): string {
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === "..") parts.pop();
    else if (part && part !== ".") parts.push(part);
  }
  return parts[0] ?? "";
}

export const isPicture = (url: string): boolean => isOurs(url) && !/\.pdf$/i.test(url);
