//! What happens to a good file, wherever files go.

use super::{Place, files::*, list, store_test, upload, url};
use crate::support::Form;

/// Exactly as large as a file may be.
const LARGEST: usize = 10 << 20;

/// A PDF of this size, which is stored as it is.
pub fn sized_pdf(size: usize) -> Vec<u8> {
    let (mut file, end) = (pdf().whole(), b"%%EOF\n");
    // Not all the same, so that a part in the wrong place shows.
    file.extend((0_u32..).flat_map(|number| format!("%{number:09}\n").into_bytes()).take(size - file.len() - end.len()));
    file.extend(end);
    file
}

store_test! {
    async fn a_file_of_every_kind_is_stored_and_can_be_read_by_everybody(db, backend) {
        let place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let picture = picture(40, 30);
        for file in [png(&picture), jpeg(&picture), gif(&picture, 3), webp(&picture), pdf()] {
            let (kind, bytes) = (file.kind, file.whole());
            let answer = upload(&ann, &bytes).await;
            assert_eq!((&answer["ok"], answer["contentType"].as_str()), (&true.into(), Some(kind.mime())), "{answer}");
            assert_eq!(answer["size"], bytes.len(), "{answer}");
            let size = if kind == Kind::Pdf { [None, None] } else { [Some(40), Some(30)] };
            assert_eq!([answer["width"].as_u64(), answer["height"].as_u64()], size, "{answer}");
            let (stored, _) = place.audit(&url(&answer)).await;
            assert_eq!(stored, bytes, "{kind:?} had nothing to remove");
            let read = place.fetch(&url(&answer)).await;
            assert_eq!(read.header("content-type"), Some(kind.mime()));
            assert!(read.header("cache-control").is_some_and(|cache| cache.contains("immutable")), "{:?}", read.headers);
            let disposition = read.header("content-disposition").unwrap_or_default();
            assert!(disposition.starts_with(if kind == Kind::Pdf { "attachment" } else { "inline" }), "{disposition}");
            assert!(!disposition.contains("photo"), "the name of the file is in {disposition}");
        }
        assert_eq!(list(&ann).await.len(), 5);
        assert_eq!(place.unfinished().await, [""; 0]);
        place.stop().await;
    }

    async fn e07_the_key_is_made_by_the_server_whatever_the_file_is_called(db, backend) {
        let place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let file = png(&picture(4, 4)).whole();
        let long = "x".repeat(4096);
        let names = [
            "../../etc/passwd", "..\\..\\x", "C:\\x", "%2e%2e%2f", "a\0b.png", long.as_str(), "gpj.\u{202e}exe", ".htaccess", "trailing. ", "CON", "",
            "a\\\".png", "photo.html", "Größe 日本.png",
        ];
        let mut keys = Vec::new();
        for name in names {
            let answer = Form::default().file(name, "text/html", &file).call(&ann).send().await;
            if answer.status == 400 {
                // A header that is not one.
                assert!(name.contains('\0'), "{name:?}: {}", answer.text());
                continue;
            }
            let answer = answer.expect(200).json();
            let key = place.key(&url(&answer)).to_owned();
            let parts: Vec<&str> = key.split('/').collect();
            let [ "community", year, month, name ] = parts[..] else { panic!("{key}") };
            let number = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
            assert!(number(year, 4) && number(month, 2), "{key}");
            let stem = name.strip_suffix(".png").unwrap_or_else(|| panic!("{key}"));
            assert!(stem.len() >= 22 && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{key}");
            keys.push(key);
        }
        assert!(keys.len() >= names.len() - 1);
        keys.sort();
        assert_eq!(place.keys().await, keys, "each has a key of its own, and nothing is anywhere else");
        place.stop().await;
    }

    async fn e03_the_largest_file_is_taken_and_one_byte_more_is_not(db, backend) {
        let place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let largest = sized_pdf(LARGEST);
        let answer = upload(&ann, &largest).await;
        assert!(place.audit(&url(&answer)).await.0 == largest, "the stored bytes are others");
        let before = place.keys().await;
        Form::of(&sized_pdf(LARGEST + 1)).call(&ann).send().await.expect_error(413, "payload_too_large");
        // The same in chunks, without a length anywhere.
        let chunks = |size| futures_util::stream::iter(Form::of(&sized_pdf(size)).body().chunks(60_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>());
        let streamed = |size| ann.call("POST", "/api/upload").header("content-type", Form::kind()).body(reqwest::Body::wrap_stream(chunks(size))).send();
        streamed(LARGEST + 1).await.expect_error(413, "payload_too_large");
        assert_eq!(place.keys().await, before, "what was refused is there");
        let answer = streamed(LARGEST).await.expect(200).json();
        assert!(place.audit(&url(&answer)).await.0 == largest, "the stored bytes are others");
        assert_eq!(place.unfinished().await, [""; 0]);
        assert_eq!(list(&ann).await.len(), 2);
        place.stop().await;
    }

    async fn whoever_uploaded_a_file_can_remove_it_and_nobody_else(db, backend) {
        let place = Place::start(db, backend).await;
        let (ann, bob, root) = (place.server.member("Ann").await.client, place.server.member("Bob").await.client, place.server.admin("Root").await.client);
        let file = png(&picture(4, 4)).whole();
        let (first, second) = (upload(&ann, &file).await, upload(&ann, &file).await);
        let path = |answer: &serde_json::Value| format!("/api/uploads/{}", answer["id"].as_str().unwrap());
        assert!(list(&bob).await.is_empty(), "others see it");
        bob.delete(&path(&first)).await.expect_error(404, "not_found");
        place.server.client().delete(&path(&first)).await.expect_error(401, "login_required");
        place.fetch(&url(&first)).await.expect(200);
        ann.delete(&path(&first)).await.expect(200);
        place.fetch(&url(&first)).await.expect(404);
        ann.delete(&path(&first)).await.expect_error(404, "not_found");
        root.delete(&path(&second)).await.expect(200);
        place.fetch(&url(&second)).await.expect(404);
        assert_eq!(place.keys().await, [""; 0]);
        assert!(list(&ann).await.is_empty());
        place.stop().await;
    }
}
