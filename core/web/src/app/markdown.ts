// Markdown as HTML, the same safe subset that the server renders (core/src/web/markdown.rs; both are held against
// tests/markdown.json). HTML in the text is shown as text; what comes out is sanitised once more before it reaches the page. It imports
// nothing of ours: it is fetched by itself, and what it shared with the rest would be split off.
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";
import type { Ours, Render } from "./rendering.svelte";

const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** Text as the parser gives it: what it has left as an entity stays one. */
const escapeText = (text: string): string => text.replace(/[<>"']|&(?!(?:#\d{1,7}|#x[\da-f]{1,6}|\w+);)/gi, escape);

/** What is ours of what people link to. */
let ours: Ours = { isPicture: () => false, leadsIntoApi: () => true };

/** Whether a click on `url` can only lead to a page or a mail program. */
const isSafe = (url: string): boolean => (/^(https?:\/\/|mailto:)/i.test(url) || /^\/(?![/\\])[^\\]*$/.test(url)) && !ours.leadsIntoApi(url);

/** How many links are open: there are none inside of one. */
let open = 0;

const anchor = (url: string, inner: string): string => `<a href="${escape(url)}" rel="nofollow noopener ugc">${inner}</a>`;

const link = (url: string, inner: string): string => (isSafe(url) && !open ? anchor(url, inner) : inner);

/** The address at the beginning of `text`, without what most likely belongs to the sentence. */
function address(text: string): string {
  const [whole = ""] = /^[^\s\p{Cc}<>"]*/u.exec(text) ?? [];
  let url = whole.replace(/[.,;:!?']+$/, "");
  if (url.endsWith(")") && url.split("(").length < url.split(")").length) url = url.slice(0, -1);
  return url || whole;
}

/** Text, in which addresses are links. */
function withAddresses(text: string): string {
  let [out, rest] = ["", text];
  for (let at = rest.search(/https?:\/\//); at >= 0; at = rest.search(/https?:\/\//)) {
    const url = address(rest.slice(at));
    out += escapeText(rest.slice(0, at)) + (url.length > "https://".length ? link(url, escape(url)) : escape(url));
    rest = rest.slice(at + url.length);
  }
  return out + escapeText(rest);
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  // Addresses are found in what is text at last, as the server does.
  tokenizer: { url: () => undefined },
  renderer: {
    html: (token: Tokens.HTML | Tokens.Tag) => ("block" in token && token.block ? `<p>${escape(token.text)}</p>` : escape(token.text)),
    heading({ tokens, depth }) {
      const level = Math.min(depth + 2, 6);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    code: ({ text }) => `<pre tabindex="0"><code>${escape(text)}</code></pre>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    link({ href, tokens }) {
      const opens = isSafe(href) && !open;
      if (opens) open += 1;
      try {
        const inner = this.parser.parseInline(tokens);
        return opens ? anchor(href, inner) : inner;
      } finally {
        if (opens) open -= 1;
      }
    },
    image({ href, text, tokens }) {
      const alternative = tokens ? this.parser.parseInline(tokens, this.parser.textRenderer) : text;
      return ours.isPicture(href) ? `<img src="${escape(href)}" alt="${escape(alternative)}" loading="lazy">` : link(href, escape(alternative || href));
    },
    text(token: Tokens.Text | Tokens.Escape) {
      if ("tokens" in token && token.tokens) return this.parser.parseInline(token.tokens);
      return withAddresses(token.text);
    },
  },
});

const TAGS = "p br hr h3 h4 h5 h6 blockquote pre code ul ol li table thead tbody tr th td em strong del a img".split(" ");
const ATTRIBUTES = ["href", "rel", "src", "alt", "loading", "start", "tabindex"];

/** Renders text as HTML that may stand in a page, with pictures and without links where `known` says so. */
export function renderer(known: Ours): Render {
  ours = known;
  return render;
}

function render(text: string): string {
  const html = marked.parse(text, { async: false });
  return DOMPurify.sanitize(html, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false });
}
