//! Links, in whatever form a browser or a reader of Markdown takes them.

use crate::text::Finding;

/// How much of a host is repeated, in characters.
const MAX_NAME: usize = 80;

/// What ends an address: white space, and what stands around it in Markdown and in sentences.
fn ends(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>()[]{}\"'`|".contains(c)
}

/// Every link in a text but those to one of the hosts or to one below it, in order. Each is called by its host.
pub fn find(text: &str, fine: &[String]) -> Vec<Finding> {
    // Lower case of other letters may have another length.
    let lower = text.to_ascii_lowercase();
    let mut findings: Vec<Finding> = Vec::new();
    let mut from = 0;
    while let Some((start, after)) = next(&lower, from) {
        let end = lower[after..].find(ends).map_or(lower.len(), |length| after + length);
        let host = host(&lower[after..end]);
        let scheme = lower[..after].ends_with("://");
        let is_link = !host.is_empty() && (scheme || host.contains('.') || host.starts_with("xn--"));
        if is_link && !is_fine(host, fine) {
            findings.push(Finding { place: start..end, name: host.chars().take(MAX_NAME).collect() });
        }
        from = end.max(after);
    }
    findings
}

/// Where the next link may begin, and where its host would: after two slashes, or at `www.`
fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &text[from..];
    let slashes = rest.find("//").map(|at| (from + before_scheme(&rest[..at]), from + at + 2));
    let www = rest.match_indices("www.").map(|(at, _)| from + at).find(|at| !text[..*at].ends_with(|c: char| c.is_alphanumeric()));
    match (slashes, www) {
        (Some((start, after)), Some(www)) if after <= www || start <= www => Some((start, after)),
        (slashes, None) => slashes,
        (_, Some(www)) => Some((www, www)),
    }
}

/// Where the scheme begins that the text ends with, such as `https:`; its end, if there is none.
fn before_scheme(text: &str) -> usize {
    let Some(name) = text.strip_suffix(':') else { return text.len() };
    let letters = name.bytes().rev().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
    name.len() - letters
}

/// The host of what stands after the slashes. As for browsers, a backslash is a slash, and what stands before an `@` is no host.
fn host(authority: &str) -> &str {
    let authority = authority.trim_start_matches(['/', '\\']);
    let authority = authority.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default().trim_end_matches(['.', ',', ';', '!', '*', '_', '~'])
}

fn is_fine(host: &str, fine: &[String]) -> bool {
    fine.iter().any(|fine| host.strip_suffix(fine.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::text::replace;

    fn hosts(text: &str) -> Vec<String> {
        find(text, &["good.example".to_owned()]).into_iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn links_are_found_in_every_form() {
        for text in [
            "http://evil.example",
            "HTTPS://EVIL.example/x?y#z",
            "see www.evil.example.",
            "[x](https://evil.example)",
            "<https://evil.example>",
            "[x](//evil.example/a)",
            "[x]: https://evil.example",
            "**https://evil.example**",
            "ftp://evil.example:21/",
            "https://evil.example,",
            "https:///evil.example",
            "https://good.example@evil.example",
            "https://evil.example\\@good.example",
            "https:////evil.example",
            "https&#58;//evil.example",
            "xhttps://evil.example",
            "\"https://evil.example\"",
            "ähttps://evil.example",
        ] {
            assert!(hosts(text).iter().any(|host| host.ends_with("evil.example")), "{text}: {:?}", hosts(text));
        }
        assert_eq!(hosts("https://a.example https://b.example"), ["a.example", "b.example"]);
        assert_eq!(hosts("http://2130706433/ http://localhost:8080"), ["2130706433", "localhost"]);
    }

    #[test]
    fn what_is_no_link_is_none() {
        for text in ["", "a // comment", "either//or", "www", "http://", "https:// good", "wwww.x", "1.5 and e.g. this", "//"] {
            assert!(hosts(text).is_empty(), "{text}: {:?}", hosts(text));
        }
    }

    #[test]
    fn links_to_good_hosts_are_fine_and_only_those() {
        for text in ["https://good.example", "https://sub.good.example/x", "HTTP://GOOD.EXAMPLE:80", "www.good.example", "//good.example"] {
            assert!(hosts(text).is_empty(), "{text}");
        }
        for text in [
            "https://notgood.example",
            "https://good.example.evil.example",
            "https://evil.example/good.example",
            "https://evil.example#.good.example",
        ] {
            assert_eq!(hosts(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_link_is_replaced_as_a_whole() {
        let without = |text: &str| replace(text, &find(text, &[]), |_| "-".to_owned());
        assert_eq!(without("see https://a.example/b?c=1 and www.b.example!"), "see - and -");
        assert_eq!(without("[here](https://a.example) é www.b.example"), "[here](-) é -");
    }
}
