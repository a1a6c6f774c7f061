//! JSON bodies: strict about the format, and the sentences name fields.

use super::{
    app::{App, Traces, config},
    raw::{ask, json, request},
};

#[tokio::test]
async fn d07_d09_what_is_not_json_is_refused() {
    let app = App::start(config()).await;
    let nested = format!("{{\"title\":\"a\",\"body\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = format!("{{\"title\":\"a\",\"other\":{}1{}}}", "[".repeat(16), "]".repeat(16));
    for body in [
        "",
        "{",
        "null true",
        r#"{"title":"a"} x"#,
        r#"{"title":NaN}"#,
        r#"{"title":1e400}"#,
        r#"{"title":1e999999}"#,
        r#"{"title":"\ud800"}"#,
        "\u{feff}{\"title\":\"a\"}",
        "{'title':'a'}",
        r#"{"title":"a",}"#,
        nested.as_str(),
        deep.as_str(),
    ] {
        let answer = ask(app.address, json("/api/posts", "", body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_json"), "{body:.40}");
    }
    for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80"] {
        let body = [b"{\"title\":\"".as_slice(), bytes, b"\"}"].concat();
        let head =
            format!("POST /api/posts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        assert_eq!(ask(app.address, [head.as_bytes(), &body].concat()).await.code(), "invalid_json");
    }
    assert_eq!(Traces::count(&app.traces.posts), 0);
}

#[tokio::test]
async fn d07_text_that_a_database_cannot_store_is_refused() {
    let app = App::start(config()).await;
    for body in [r#"{"title":"a\u0000b"}"#, r#"{"title":"a","x\u0000":1}"#] {
        let answer = ask(app.address, json("/api/posts", "", body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"));
    }
}

#[tokio::test]
async fn the_field_is_named() {
    let app = App::start(config()).await;
    let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(201));
    for (body, sentence) in [
        ("{}", "title is missing."),
        (r#"{"title":null}"#, "title is missing."),
        (r#"{"title":5}"#, "title must be text."),
        (r#"{"title":["a"]}"#, "title must be text."),
        (r#"{"title":"a","body":{}}"#, "body must be text."),
        (r#"{"title":"a","attachments":"x"}"#, "attachments must be a list."),
        (r#"{"title":"a","attachments":["x",5]}"#, "attachments[1] must be text."),
        (r#"{"title":"a","place":{}}"#, "place.row is missing."),
        (r#"{"title":"a","place":{"row":1.5}}"#, "place.row must be a whole number."),
        (&long, "title must have at most 200 characters."),
        ("[]", "The body must be an object."),
        ("null", "The body must be an object."),
        ("\"title\"", "The body must be an object."),
    ] {
        let answer = ask(app.address, json("/api/posts", "", body)).await;
        assert_eq!((answer.status, answer.code().as_str(), answer.sentence().as_str()), (400, "invalid_request", sentence), "{body:.60}");
    }
    // Too large for its type, though a whole number: no type name shows.
    let answer = ask(app.address, json("/api/posts", "", r#"{"title":"a","place":{"row":99999999999}}"#)).await;
    assert_eq!(answer.code(), "invalid_request");
    assert!(!answer.text().contains("int32"), "{}", answer.text());
}

#[tokio::test]
async fn a02_repeated_keys_have_one_meaning() {
    let app = App::start(config()).await;
    let answer = ask(app.address, json("/api/posts", "", r#"{"title":"first","title":"last"}"#)).await;
    assert!(answer.text().contains("last") && !answer.text().contains("first"));
}

#[tokio::test]
async fn d10_unknown_fields_are_ignored() {
    let app = App::start(config()).await;
    let answer = ask(app.address, json("/api/posts", "", r#"{"title":"a","id":"u-1","pinned":true}"#)).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains("u-1"));
}

#[tokio::test]
async fn a03_other_content_types_are_refused() {
    let app = App::start(config()).await;
    for (declared, status) in [
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("Content-Type: application/jsonp\r\n", 415),
        ("Content-Type: application/json; charset=utf-16\r\n", 415),
        ("", 415),
        ("Content-Type: application/json\r\n", 200),
        ("Content-Type: Application/JSON; charset=UTF-8\r\n", 200),
    ] {
        let answer = ask(app.address, request("POST /api/posts", declared, r#"{"title":"a"}"#)).await;
        assert_eq!(answer.status, status, "{declared}");
        if status == 415 {
            assert_eq!(answer.code(), "unsupported_media_type");
        }
    }
}
