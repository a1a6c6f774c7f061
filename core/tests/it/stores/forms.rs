//! Forms that are none, forms with too much in them, and files that are not what they are called.

use super::{Backend, Place, files::*, list, upload, url};
use crate::support::{Answer, Client, Db, Form};

async fn send(client: &Client, kind: &str, body: Vec<u8>) -> Answer {
    client.call("POST", "/api/upload").header("content-type", kind).body(body).send().await
}

#[tokio::test]
async fn e02_a_form_must_have_one_file_and_little_else() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let file = png(&picture(4, 4)).whole();
    let many = |count| (0..count).fold(Form::default(), |form, number| form.field(&format!("field{number}"), "x"));
    let refused = [
        ("nothing", Form::default()),
        ("no field file", Form::default().field("other", "x")),
        ("an empty file", Form::of(b"")),
        ("text instead of a file", Form::default().field("file", "hello")),
        ("two files", Form::of(&file).file("second.png", "image/png", &file)),
        ("a file and a text of its name", Form::of(&file).field("file", "x")),
        ("a thousand fields", many(1000).file("a.png", "image/png", &file)),
        ("seventeen parts", Form::of(&file).field("a", "x").part("Content-Disposition: form-data; name=\"b\"", b"x").merge(many(15))),
        ("a name of 64 KiB", Form::default().field(&"n".repeat(64 << 10), "x").file("a.png", "image/png", &file)),
        (
            "headers of 9 KiB",
            Form::default()
                .part(format!("Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nX-Long: {}", "x".repeat(9 << 10)), &file),
        ),
        (
            "the file in base64",
            Form::default().part(
                "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Transfer-Encoding: base64",
                b"iVBORw0KGgo=",
            ),
        ),
        (
            "a form in the form",
            Form::default().part(
                "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: multipart/mixed; boundary=x",
                b"--x\r\n\r\nfile\r\n--x--\r\n",
            ),
        ),
        ("no name", Form::default().part("Content-Disposition: form-data", &file)),
        ("no disposition", Form::default().part("Content-Type: image/png", &file)),
    ];
    for (what, form) in refused {
        let answer = form.call(&ann).send().await;
        assert!(matches!(answer.status, 400 | 413), "{what}: {} {}", answer.status, answer.text());
        let body = answer.json();
        assert!(body["error"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "{what}: {body}");
    }
    assert_eq!(place.keys().await, [""; 0]);
    assert!(list(&ann).await.is_empty());
    // Small fields beside the file do no harm.
    Form::default().field("title", "x").file("a.png", "image/png", &file).call(&ann).send().await.expect(200);
    place.stop().await;
}

#[tokio::test]
async fn e08_what_is_no_form_is_refused() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let file = png(&picture(4, 4)).whole();
    let body = Form::of(&file).body();
    for kind in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/mixed; boundary=x",
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
        "image/png",
        "multipart/form-data; boundary=other",
    ] {
        let answer = send(&ann, kind, body.clone()).await;
        assert!(matches!(answer.status, 400 | 415), "{kind}: {} {}", answer.status, answer.text());
    }
    let long = "b".repeat(71);
    let framed = [
        format!("--{long}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n").into_bytes(),
        file.clone(),
        format!("\r\n--{long}--\r\n").into_bytes(),
    ]
    .concat();
    let answer = send(&ann, &format!("multipart/form-data; boundary={long}"), framed).await;
    assert!(matches!(answer.status, 200 | 400), "{}", answer.status);
    let before = place.keys().await;
    // Cut anywhere: the form has no end, even where the file in it has one.
    for cut in [0, 1, 40, 100, body.len() / 2, body.len() - 60, body.len() - 8, body.len() - 5] {
        let answer = send(&ann, &Form::kind(), body[..cut].to_vec()).await;
        assert_eq!(answer.status, 400, "cut at {cut}: {}", answer.text());
    }
    // What comes before the first part counts as well.
    send(&ann, &Form::kind(), [vec![b'x'; 11 << 20], body.clone()].concat()).await.expect_error(413, "payload_too_large");
    send(&ann, &Form::kind(), [body.clone(), vec![b'x'; 11 << 20]].concat()).await.expect_error(413, "payload_too_large");
    assert_eq!((place.keys().await, place.unfinished().await), (before, Vec::new()));
    place.stop().await;
}

#[tokio::test]
async fn e08_boundaries_inside_of_a_file_are_a_part_of_it() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let boundary = Form::kind().split_once("boundary=").unwrap().1.to_owned();
    for almost in [
        format!("\r\n--{}", &boundary[1..]),
        format!("\n--{boundary}"),
        format!("--{boundary}--"),
        format!("\r\n--{}", &boundary[..30]),
        "\r\n".repeat(9),
        "\r".into(),
    ] {
        // At every place relative to what a reader may have read at once.
        for shift in [0, 1, 8191, 16383, 65535] {
            let file = [pdf().whole(), vec![b'%'; shift], almost.clone().into_bytes(), b"\n%%EOF\n".to_vec()].concat();
            let answer = upload(&ann, &file).await;
            assert!(place.audit(&url(&answer)).await.0 == file, "{almost:?} after {shift} bytes");
        }
    }
    place.stop().await;
}

#[tokio::test]
async fn e04_the_bytes_decide_and_nothing_else() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let picture = picture(4, 4);
    for (name, label, file) in [
        ("a.png", "image/png", pdf()),
        ("a.txt", "text/plain", jpeg(&picture)),
        ("a.pdf", "application/pdf", webp(&picture)),
        ("a.exe", "nonsense", gif(&picture, 1)),
    ] {
        let answer = Form::default().file(name, label, &file.whole()).call(&ann).send().await.expect(200).json();
        assert_eq!(answer["contentType"], file.kind.mime(), "{answer}");
        assert!(url(&answer).ends_with(&format!(".{}", file.kind.extension())), "{answer}");
        let read = place.fetch(&url(&answer)).await.expect(200);
        assert_eq!(read.header("content-type"), Some(file.kind.mime()));
    }
    let before = place.keys().await.len();
    for (what, bytes) in super::corpus::foreign() {
        for (name, label) in [("a.png", "image/png"), ("a.pdf", "application/pdf")] {
            let answer = Form::default().file(name, label, &bytes).call(&ann).send().await;
            let body = answer.expect(400).json();
            assert_eq!(body["ok"], false, "{what}: {body}");
        }
    }
    assert_eq!(place.keys().await.len(), before);
    place.stop().await;
}
