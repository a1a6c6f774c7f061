// What the server wrote into the page for us to begin with.

export interface Provider {
  id: string;
  name: string;
  /** Whether signing in means going to another site. */
  redirect: boolean;
  login: string;
}

export interface Viewer {
  id: string;
  username: string;
  /** Whether everything may be deleted. */
  admin: boolean;
}

interface Boot {
  site: { name: string; description: string | null; icon: string };
  /** Where people reach the community, whatever this page was asked for as. */
  base: string;
  lang: string;
  theme: "light" | "dark" | null;
  user: Viewer | null;
  providers: Provider[];
  passwordMin: number;
  /** What the addresses of our own pictures begin with. */
  pictures: string[];
  /** In bytes; null if nothing can be uploaded. */
  largestFile: number | null;
}

export const boot: Boot = JSON.parse(document.querySelector<HTMLMetaElement>("meta[name=boot]")?.content ?? "{}");
