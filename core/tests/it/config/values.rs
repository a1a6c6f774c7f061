//! Values with a unit, and addresses.

use std::time::Duration;

use community::config::{BaseUrl, Size, Span};

#[test]
fn spans_are_read_with_their_unit_and_written_back() {
    for (text, millis, written) in [
        ("10s", 10_000, "10s"),
        ("5m", 300_000, "5m"),
        ("24h", 86_400_000, "1d"),
        ("7 days", 604_800_000, "7d"),
        ("250ms", 250, "250ms"),
        ("90 Minutes", 5_400_000, "90m"),
        ("0s", 0, "0s"),
    ] {
        let span: Span = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(span.0, Duration::from_millis(millis), "{text}");
        assert_eq!(span.to_string(), written);
        assert_eq!(span.to_string().parse(), Ok(span), "what is written can be read");
    }
}

#[test]
fn a_span_without_unit_or_beyond_all_measure_is_refused() {
    for text in ["10", "s", "", "-5s", "1.5h", "10 fortnights", "99999999999999999999s", "18446744073709551615d"] {
        let error = text.parse::<Span>().expect_err(text);
        assert!(error.contains("is not a length of time") && error.contains("\"5m\""), "{error}");
    }
}

#[test]
fn sizes_are_read_with_their_unit_and_written_back() {
    for (text, bytes, written) in [
        ("64 KiB", 65_536, "64 KiB"),
        ("10MiB", 10_485_760, "10 MiB"),
        ("512 B", 512, "512 B"),
        ("1 kB", 1_000, "1000 B"),
        ("0 B", 0, "0 B"),
    ] {
        let size: Size = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(size, Size(bytes), "{text}");
        assert_eq!(size.to_string(), written);
    }
    for text in ["64", "KiB", "1.5 MiB", "-1 B", "99999999999 GiB"] {
        assert!(text.parse::<Size>().is_err(), "{text}");
    }
}

#[test]
fn a_base_url_is_an_origin_and_nothing_else() {
    let base: BaseUrl = "https://Community.Example.org/".parse().expect("a base URL");
    assert_eq!(base.to_string(), "https://community.example.org");
    assert_eq!(base.join("/posts/"), "https://community.example.org/posts/");
    assert!(base.is_https() && !base.is_loopback());
    for local in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:3000", "http://app.localhost"] {
        assert!(local.parse::<BaseUrl>().is_ok_and(|base| base.is_loopback()), "{local}");
    }
    for wrong in
        ["community.example.org", "ftp://x.org", "https://x.org/app", "https://x.org/?a", "https://x.org/#a", "https://me:pw@x.org", ""]
    {
        assert!(wrong.parse::<BaseUrl>().is_err(), "{wrong}");
    }
}
