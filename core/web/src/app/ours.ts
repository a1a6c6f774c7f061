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

export const isPicture = (url: string): boolean => isOurs(url) && !/\.pdf$/i.test(url);
