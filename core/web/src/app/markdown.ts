// Markdown as HTML, the same safe subset that the server renders (core/src/web/markdown.rs). HTML in the text is shown as text;
// what comes out is sanitised once more before it reaches the page.
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";
import { boot } from "./boot";

const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** Whether a click on `url` can only lead to a page or a mail program. */
const isSafe = (url: string): boolean => /^(https?:\/\/|mailto:)/i.test(url) || /^\/(?![/\\])[^\\]*$/.test(url);

/** Whether `url` leads to one of our own files. */
export const isOurs = (url: string): boolean => boot.pictures.some((base) => url.startsWith(base)) && !url.includes("/../");

export const isPicture = (url: string): boolean => isOurs(url) && !/\.pdf$/i.test(url);

const link = (url: string, inner: string): string => (isSafe(url) ? `<a href="${escape(url)}" rel="nofollow noopener ugc">${inner}</a>` : inner);

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escape(text),
    heading({ tokens, depth }) {
      const level = Math.min(depth + 2, 6);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    code: ({ text }) => `<pre tabindex="0"><code>${escape(text)}</code></pre>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    link({ href, tokens }) {
      return link(href, this.parser.parseInline(tokens));
    },
    image: ({ href, text }) =>
      isPicture(href) ? `<img src="${escape(href)}" alt="${escape(text)}" loading="lazy">` : link(href, escape(text || href)),
  },
});

const TAGS = "p br hr h3 h4 h5 h6 blockquote pre code ul ol li table thead tbody tr th td em strong del a img".split(" ");
const ATTRIBUTES = ["href", "rel", "src", "alt", "loading", "start", "tabindex"];

/** `text` as HTML that may stand in a page. */
export function render(text: string): string {
  const html = marked.parse(text, { async: false });
  return DOMPurify.sanitize(html, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false });
}
