//! Markdown as HTML, safe by construction: tags are written here, one by one, and everything a person wrote is escaped. HTML in the
//! text is shown as the text it is.

use std::fmt::Write as _;

use pulldown_cmark::{Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream};

use crate::config::BaseUrl;

/// What is understood beside the standard. The front end has the same (`core/web/src/app/markdown.ts`).
const EXTRAS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TABLES).union(Options::ENABLE_TASKLISTS);

/// What is ours of what people link to. Pictures are shown only if they are; others are links.
#[derive(Debug, Clone)]
pub struct Pictures {
    /// What the addresses of our own files begin with.
    pub at: Vec<String>,
    /// Where people reach this server.
    pub base: BaseUrl,
}

impl Pictures {
    /// Whether `url` leads to one of our own files. Their names are plain; whatever a browser might read in another way than we do
    /// (dots that lead upwards, in any spelling, backslashes, a query) is no name of a file, and could lead to an operation of the API.
    pub fn are_at(&self, url: &str) -> bool {
        let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/'));
        let rest = self.at.iter().find_map(|base| url.strip_prefix(base.as_str()));
        rest.is_some_and(|name| plain(name) && !name.split('/').any(|part| matches!(part, "." | "..")))
    }

    /// Whether `url` leads a browser into our API, in which a mere visit can end a session or begin that of somebody else. The address
    /// is read as browsers and the servers before us may read it, so it is another one in doubt; the front end does the same
    /// (`core/web/src/app/ours.ts`).
    pub fn lead_into_api(&self, url: &str) -> bool {
        let Ok(there) = self.base.url().join(url) else { return false };
        let host = there.host_str().unwrap_or_default().trim_end_matches('.');
        host == self.base.host() && first_part(&decoded(there.path())).eq_ignore_ascii_case("api")
    }

    /// Whether `url` leads to a picture of our own, which pages show.
    pub fn show(&self, url: &str) -> bool {
        self.are_at(url) && !url.to_ascii_lowercase().ends_with(".pdf")
    }
}

/// `text` as HTML.
pub fn html(text: &str, pictures: &Pictures) -> String {
    let mut writer = Writer { out: String::with_capacity(text.len() * 5 / 4), pictures, links: Vec::new(), in_code: false, in_head: false };
    // The parser cuts text at every character that might have meant something, addresses among it.
    let mut events = TextMergeStream::new(Parser::new_ext(text, EXTRAS));
    while let Some(event) = events.next() {
        writer.write(event, &mut events);
    }
    writer.out
}

/// The first `most` characters of `text` without any markup, for descriptions.
pub fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    for event in Parser::new_ext(text, EXTRAS) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) if !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
        if out.len() > most * 4 {
            break;
        }
    }
    let mut short: String = out.split_whitespace().collect::<Vec<_>>().join(" ");
    if short.chars().count() > most {
        short = short.chars().take(most.saturating_sub(1)).collect::<String>() + "…";
    }
    short
}

struct Writer<'a> {
    out: String,
    pictures: &'a Pictures,
    /// For each link that is open: whether a tag was written for it.
    links: Vec<bool>,
    in_code: bool,
    in_head: bool,
}

impl Writer<'_> {
    fn write<'t>(&mut self, event: Event<'t>, rest: &mut impl Iterator<Item = Event<'t>>) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => self.picture(&dest_url, &alternative(rest)),
            Event::Start(tag) => self.open(&tag),
            Event::End(tag) => self.close(tag),
            Event::Text(text) if !self.in_code && !self.links.contains(&true) => self.text_with_addresses(&text),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => {
                self.out.push_str("<code>");
                self.text(&text);
                self.out.push_str("</code>");
            }
            Event::SoftBreak | Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::TaskListMarker(done) => self.out.push_str(if done { "☑ " } else { "☐ " }),
            // Not switched on.
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn open(&mut self, tag: &Tag) {
        let name = match tag {
            Tag::Paragraph | Tag::HtmlBlock => "p",
            Tag::Heading { level, .. } => heading(*level),
            Tag::BlockQuote(_) => "blockquote",
            Tag::CodeBlock(_) => {
                self.in_code = true;
                return self.out.push_str("<pre tabindex=\"0\"><code>");
            }
            Tag::List(None) => "ul",
            Tag::List(Some(1)) => "ol",
            Tag::List(Some(first)) => {
                let _ = write!(self.out, "<ol start=\"{first}\">");
                return;
            }
            Tag::Item => "li",
            Tag::Table(_) => "table",
            Tag::TableHead => {
                self.in_head = true;
                return self.out.push_str("<thead><tr>");
            }
            Tag::TableRow => "tr",
            Tag::TableCell => {
                if self.in_head {
                    "th"
                } else {
                    "td"
                }
            }
            Tag::Emphasis => "em",
            Tag::Strong => "strong",
            Tag::Strikethrough => "del",
            Tag::Link { link_type: LinkType::Email, dest_url, .. } => return self.open_link(&format!("mailto:{dest_url}")),
            Tag::Link { dest_url, .. } => return self.open_link(dest_url),
            _ => return,
        };
        let _ = write!(self.out, "<{name}>");
    }

    fn close(&mut self, tag: TagEnd) {
        let name = match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => "p",
            TagEnd::Heading(level) => heading(level),
            TagEnd::BlockQuote(_) => "blockquote",
            TagEnd::CodeBlock => {
                self.in_code = false;
                return self.out.push_str("</code></pre>\n");
            }
            TagEnd::List(false) => "ul",
            TagEnd::List(true) => "ol",
            TagEnd::Item => "li",
            TagEnd::Table => "table",
            TagEnd::TableHead => {
                self.in_head = false;
                return self.out.push_str("</tr></thead>");
            }
            TagEnd::TableRow => "tr",
            TagEnd::TableCell => {
                if self.in_head {
                    "th"
                } else {
                    "td"
                }
            }
            TagEnd::Emphasis => "em",
            TagEnd::Strong => "strong",
            TagEnd::Strikethrough => "del",
            TagEnd::Link => match self.links.pop() {
                Some(true) => "a",
                _ => return,
            },
            _ => return,
        };
        let _ = write!(self.out, "</{name}>");
    }

    /// Whether there may be a link to `url`.
    fn leads(&self, url: &str) -> bool {
        is_safe(url) && !self.pictures.lead_into_api(url)
    }

    fn open_link(&mut self, url: &str) {
        let safe = self.leads(url) && !self.links.contains(&true);
        self.links.push(safe);
        if safe {
            self.anchor(url);
        }
    }

    fn anchor(&mut self, url: &str) {
        self.out.push_str("<a href=\"");
        self.text(url);
        self.out.push_str("\" rel=\"nofollow noopener ugc\">");
    }

    /// A picture of our own, or a link to one elsewhere.
    fn picture(&mut self, url: &str, alternative: &str) {
        if self.pictures.show(url) {
            self.out.push_str("<img src=\"");
            self.text(url);
            self.out.push_str("\" alt=\"");
            self.text(alternative);
            self.out.push_str("\" loading=\"lazy\">");
            return;
        }
        let shown = if alternative.is_empty() { url } else { alternative };
        let linked = self.leads(url) && !self.links.contains(&true);
        if linked {
            self.anchor(url);
        }
        self.text(shown);
        if linked {
            self.out.push_str("</a>");
        }
    }

    /// Text, in which addresses are links.
    fn text_with_addresses(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = next_address(rest) {
            let url = address(&rest[at..]);
            self.text(&rest[..at]);
            if self.leads(url) && url.len() > "https://".len() {
                self.anchor(url);
                self.text(url);
                self.out.push_str("</a>");
            } else {
                self.text(url);
            }
            rest = &rest[at + url.len()..];
        }
        self.text(rest);
    }

    fn text(&mut self, text: &str) {
        escape(&mut self.out, text);
    }
}

/// Appends `text` so that it is text in an element as well as in an attribute.
pub fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
}

/// Below the heading of the post itself.
fn heading(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 => "h3",
        HeadingLevel::H2 => "h4",
        HeadingLevel::H3 => "h5",
        _ => "h6",
    }
}

/// Whether a click on `url` can only lead to a page or a mail program.
fn is_safe(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let local = url.starts_with('/') && !url.starts_with("//") && !url.contains('\\');
    local || ["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
}

/// Where the next address in `text` begins. Looks no further than that: texts of nothing but addresses are long, too.
fn next_address(text: &str) -> Option<usize> {
    let is_scheme = |rest: &str| rest.starts_with("http://") || rest.starts_with("https://");
    text.match_indices("http").map(|(at, _)| at).find(|at| is_scheme(&text[*at..]))
}

/// `path` with letters in place of what stands for them, like `%61`. What is not ASCII is in no name that we know, and stays as it is.
fn decoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
        out.push_str(before);
        out.push(code.map_or('%', char::from));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    out + rest
}

/// The first part of a path, whatever slashes it has, and after going where its dots lead.
fn first_part(path: &str) -> &str {
    let mut parts = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.first().copied().unwrap_or_default()
}

/// The address at the beginning of `text`, without what most likely belongs to the sentence.
fn address(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"')).unwrap_or(text.len());
    let whole = &text[..end];
    let mut url = whole.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
    if url.ends_with(')') && url.matches('(').count() < url.matches(')').count() {
        url = &url[..url.len() - 1];
    }
    if url.is_empty() { whole } else { url }
}

/// The text of a picture, up to its end.
fn alternative<'t>(events: &mut impl Iterator<Item = Event<'t>>) -> String {
    let (mut text, mut depth) = (String::new(), 0_u32);
    for event in events.by_ref() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) if depth == 0 => break,
            Event::End(_) => depth -= 1,
            Event::Text(piece) | Event::Code(piece) => text.push_str(&piece),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Pictures, html, plain};

    /// What both renderers make of a text: this one and that of the front end, which the browser tests hold against the same table.
    const EXAMPLES: &str = include_str!("../../web/tests/markdown.json");

    fn ours() -> Pictures {
        Pictures { at: vec!["https://here.example/uploads/".to_owned()], base: "https://here.example".parse().unwrap() }
    }

    fn shown(text: &str) -> String {
        html(text, &ours()).replace('\n', "")
    }

    #[test]
    fn ordinary_text_looks_as_it_was_meant_and_as_the_front_end_shows_it() {
        let examples: Vec<(String, String)> = serde_json::from_str(EXAMPLES).unwrap();
        assert!(examples.len() > 30, "the table is read");
        for (text, wanted) in examples {
            assert_eq!(shown(&text), wanted, "{text}");
        }
    }

    #[test]
    fn nothing_that_people_write_becomes_a_tag_or_an_attribute_of_its_own() {
        for text in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div\nonclick=x>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](&#106;avascript:alert(1))",
            "[x](data:text/html,x)",
            "[x](vbscript:x)",
            "[x](//evil.example)",
            "[x](/\\evil.example)",
            "<javascript:alert(1)>",
            "![x](javascript:alert(1))",
            "![\" onerror=alert(1) x=\"](https://here.example/uploads/c.png)",
            "![x](https://here.example/uploads/../x.png)",
            "[x](https://a.example/\"onmouseover=\"alert(1))",
            "[![x](https://b.example)](https://a.example)",
            "`</code><script>`",
            "| <svg/onload=x> |\n|-|",
            "https://a.example/\"><script>",
        ] {
            let page = shown(text);
            for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
                let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
                assert!(["p", "a", "img", "code", "table", "thead", "tr", "th", "br"].contains(&name), "{text}: {page}");
                let quotes = tag.matches('"').count();
                let expected = match name {
                    _ if tag.starts_with('/') => 0,
                    "a" => 4,
                    "img" => 6,
                    _ => 0,
                };
                assert_eq!(quotes, expected, "{text}: {page}");
                let lower = tag.to_ascii_lowercase();
                assert!(
                    !lower.contains("href=\"javascript") && !lower.contains("href=\"data") && !lower.contains("href=\"//"),
                    "{text}: {page}"
                );
            }
            assert!(page.matches("<a ").count() <= 1, "links are not nested: {page}");
        }
    }

    #[test]
    fn no_spelling_of_an_address_leads_into_the_api() {
        let ours = ours();
        for url in [
            "/api/logout",
            "/api",
            "/API/logout",
            "/%61pi/logout",
            "/posts/../api/logout",
            "/posts/%2E%2e/api/logout",
            "/posts/..%2fapi/logout",
            "/posts/..%5Capi/logout",
            "//here.example/api/logout",
            "https://here.example/api/email/verify?token=x",
            "https://here.example//api/logout",
            "https://here.example/./api/logout",
            "https://here.example\\api/logout",
            "https://HERE.example./a%70i/logout",
            "http://here.example:8080/api/logout",
            "https://somebody@here.example:443/api/logout",
        ] {
            assert!(ours.lead_into_api(url), "{url}");
        }
        for url in [
            "/",
            "/posts/",
            "/posts/api/",
            "/api-docs.html",
            "/api/../posts/",
            "/posts/?next=/api/logout",
            "/posts/#/api/logout",
            "/%zz/%",
            "https://there.example/api/logout",
            "https://here.example.org/api/logout",
            "mailto:api@here.example",
            "https://",
        ] {
            assert!(!ours.lead_into_api(url), "{url}");
        }
    }

    #[test]
    fn descriptions_have_no_markup_and_a_length() {
        assert_eq!(plain("# Hello\n\n*you* `there`\nand [this](https://a.example)", 100), "Hello you there and this");
        assert_eq!(plain("one two three", 8), "one two…");
    }
}
