//! Where a sign-in may lead, and who may have answered.

use std::time::Duration;

use url::Url;

use crate::config::BaseUrl;

/// How long a person may take at the provider.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// How many sign-ins one browser may have under way; one more drops the oldest.
pub const PER_BROWSER: u64 = 10;

/// The address to which `provider` sends people back. That of the root provider is short.
pub fn redirect_uri(base_url: &BaseUrl, root_provider: &str, provider: &str) -> String {
    if provider == root_provider { base_url.join("/api/callback") } else { base_url.join(&format!("/api/{provider}/callback")) }
}

/// The path to go on at, if it can only be one of this site: letters, digits, `_`, `-` and single leading slashes.
pub fn next(path: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    let ours = path.starts_with('/') && !path.starts_with("//") && path.len() <= 256;
    (ours && path.bytes().all(plain)).then_some(path)
}

/// Whether an answer that names its issuer (RFC 9207) comes from where the person was sent. Of a server without a known issuer,
/// at least the origin is known.
pub fn is_issuer(named: &str, issuer: Option<&str>, authorize: &Url) -> bool {
    match issuer {
        Some(issuer) => named == issuer,
        None => Url::parse(named).is_ok_and(|named| named.origin() == authorize.origin()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b12_only_plain_paths_of_this_site_are_followed() {
        for path in ["/", "/posts/", "/rooms/r-01kb3x2v5q", "/a/b_c/D-9"] {
            assert_eq!(next(path), Some(path));
        }
        for path in [
            "",
            "posts",
            "//evil",
            "/\\evil",
            "https:evil",
            "https://evil",
            "javascript:alert(1)",
            "/%2f/evil",
            "/a\r\nb",
            "/a?b",
            "/a#b",
            "/a.b",
            "/ä",
            "/a b",
            "\t/a",
            "/a\0",
        ] {
            assert_eq!(next(path), None, "{path:?}");
        }
        assert_eq!(next(&format!("/{}", "a".repeat(256))), None);
    }

    #[test]
    fn b04_an_answer_that_names_another_issuer_is_refused() {
        let authorize = Url::parse("https://discord.com/oauth2/authorize").expect("an address");
        assert!(is_issuer("https://a.example/x", Some("https://a.example/x"), &authorize));
        for other in ["https://a.example/x/", "https://a.example", "https://discord.com", ""] {
            assert!(!is_issuer(other, Some("https://a.example/x"), &authorize), "{other}");
        }
        assert!(is_issuer("https://discord.com", None, &authorize));
        for other in ["https://discord.com.evil", "http://discord.com", "https://discord.com:444", "discord.com", ""] {
            assert!(!is_issuer(other, None, &authorize), "{other}");
        }
    }
}
