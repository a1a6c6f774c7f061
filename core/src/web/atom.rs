//! `/posts/feed.xml`: the newest posts for feed readers.

use std::fmt::Write as _;

use super::{
    markdown::{self, Pictures, escape},
    pages::PostView,
};
use crate::config::BaseUrl;

/// The Atom document of `posts`, newest first.
pub fn document(site: &str, base: &BaseUrl, pictures: &Pictures, posts: &[PostView]) -> String {
    let updated = posts.iter().map(PostView::changed_at).max().unwrap_or("1970-01-01T00:00:00Z");
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    element(&mut xml, "title", site);
    element(&mut xml, "id", &base.join("/posts/"));
    element(&mut xml, "updated", updated);
    let _ = writeln!(xml, "<link rel=\"self\" href=\"{}\"/>", base.join("/posts/feed.xml"));
    let _ = writeln!(xml, "<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>", base.join("/posts/"));
    for post in posts {
        entry(&mut xml, base, pictures, post);
    }
    xml.push_str("</feed>\n");
    xml
}

fn entry(xml: &mut String, base: &BaseUrl, pictures: &Pictures, post: &PostView) {
    let url = base.join(&format!("/posts/{}", post.id));
    xml.push_str("<entry>\n");
    element(xml, "title", &post.title);
    element(xml, "id", &url);
    let _ = writeln!(xml, "<link rel=\"alternate\" type=\"text/html\" href=\"{url}\"/>");
    for link in post.attachments.iter().filter(|link| link.leads(pictures)) {
        xml.push_str("<link rel=\"enclosure\" href=\"");
        escape(xml, &printable(&link.0));
        xml.push_str("\"/>\n");
    }
    element(xml, "published", &post.created_at);
    element(xml, "updated", post.changed_at());
    xml.push_str("<author>");
    element(xml, "name", &post.author_name);
    // What a text says of this site without naming it is seen from the page of the post.
    let _ = write!(xml, "</author>\n<content type=\"html\" xml:base=\"{url}\">");
    escape(xml, &printable(&markdown::html(&post.body, pictures)));
    xml.push_str("</content>\n</entry>\n");
}

fn element(xml: &mut String, name: &str, text: &str) {
    let _ = write!(xml, "<{name}>");
    escape(xml, &printable(text));
    let _ = writeln!(xml, "</{name}>");
}

/// XML has no way to write most control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || (!c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))).collect()
}
