//! How files in a folder are served: as they are, to everybody, and nothing else.

use std::{fs, os::unix::fs::symlink, process::Command};

use super::{Backend, Place, files::*, upload, url};
use crate::support::{Answer, Client, Db, Raw};

/// A place with one picture, and its path.
async fn place_with(file: &[u8]) -> (Place, String) {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let answer = upload(&ann, file).await;
    let path = format!("/uploads/{}", place.key(&url(&answer)));
    (place, path)
}

async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    headers.iter().fold(client.call("GET", path), |call, (name, value)| call.header(name, value)).send().await
}

#[tokio::test]
async fn e15_a_stored_file_cannot_act_as_a_page_of_this_site() {
    let (place, path) = place_with(&png(&picture(8, 8)).whole()).await;
    let ann = place.server.member("Bob").await.client;
    let document = url(&upload(&ann, &scripted_pdf().whole()).await);
    let stranger = place.server.client();
    for (path, how) in [(path.as_str(), "inline"), (document.as_str(), "attachment")] {
        for method in ["GET", "HEAD"] {
            let answer = stranger.call(method, path).send().await.expect(200);
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("allow-"), "{policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
            let name = answer.asked.rsplit('/').next().unwrap();
            assert_eq!(answer.header("content-disposition"), Some(format!("{how}; filename=\"{name}\"").as_str()));
            assert!(answer.set_cookies().is_empty() && answer.header("access-control-allow-origin").is_none());
            assert!(answer.header("etag").is_some_and(|tag| tag.starts_with('"')), "{:?}", answer.headers);
        }
    }
    // Only here.
    assert_eq!(stranger.get("/api/posts").await.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(stranger.get("/uploads/nothing").await.header("cross-origin-resource-policy"), Some("same-origin"));
    place.stop().await;
}

#[tokio::test]
async fn e14_nothing_but_stored_files_can_be_read() {
    let (place, path) = place_with(&png(&picture(8, 8)).whole()).await;
    let (folder, inside) = (place.folder(), path.trim_start_matches("/uploads/"));
    let month = &inside[..inside.rfind('/').unwrap()];
    fs::write(place.server.config.data_dir.join("secret.png"), "Canary").unwrap();
    fs::write(folder.join("secret.png"), "Canary").unwrap();
    fs::create_dir_all(folder.join(".incomplete")).unwrap();
    fs::write(folder.join(".incomplete/secret.png"), "Canary").unwrap();
    // Names as the server makes them, behind which is no file.
    let named = |digit: &str| format!("{month}/{}.png", digit.repeat(32));
    symlink(place.server.config.data_dir.join("secret.png"), folder.join(named("a"))).unwrap();
    symlink("/etc/passwd", folder.join(named("b"))).unwrap();
    fs::create_dir(folder.join(named("c"))).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join(named("d"))).status().unwrap().success());
    symlink(folder.join(month), folder.join("community/2001")).unwrap();
    symlink(place.server.config.data_dir.clone(), folder.join("community/2002")).unwrap();
    let mut paths: Vec<String> = ["a", "b", "c", "d"].map(|digit| format!("/uploads/{}", named(digit))).into();
    let name = inside.rsplit('/').next().unwrap();
    paths.extend([
        format!("/uploads/community/2001/{name}"),
        "/uploads/community/2002/secret.png".to_owned(),
        format!("{path}/"),
        format!("{path}/x"),
        format!("{path}%00"),
    ]);
    paths.extend(
        [
            "/uploads",
            "/uploads/",
            "/uploads/community",
            "/uploads/community/",
            "/uploads/secret.png",
            "/uploads/.incomplete/secret.png",
            "/uploads/../secret.png",
            "/uploads/../../data/secret.png",
            "/uploads/%2e%2e/secret.png",
            "/uploads/..%2fsecret.png",
            "/uploads/%2e%2e%2fsecret.png",
            "/uploads/..%5csecret.png",
            "/uploads//etc/passwd",
            "/uploads/%2fetc%2fpasswd",
            "/uploads/community/../../secret.png",
            "/uploads/community/%2e%2e/%2e%2e/community.db",
            "/uploads/.%2e/secret.png",
            "/uploads/%252e%252e/secret.png",
            "/uploads/community/%ff",
            "/uploads/community/2026/06/x.html",
            "/uploads/CON",
        ]
        .map(str::to_owned),
    );
    paths.push(format!("/uploads/{month}/"));
    paths.push(format!("/uploads/{}", inside.to_uppercase()));
    for path in &paths {
        // By hand: a client would tidy the path up first.
        for method in ["GET", "HEAD"] {
            let mut raw = Raw::connect(place.server.running().addr).await;
            raw.send(format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).await;
            let answer = String::from_utf8_lossy(&raw.closed().await).into_owned();
            assert!(matches!(answer.get(9..12), Some("404" | "400")), "{method} {path}: {answer}");
            assert!(!answer.contains("Canary") && !answer.contains("root:"), "{path}: {answer}");
        }
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let status = place.server.client().call(method, &path).send().await.status;
        assert!(matches!(status, 404 | 405), "{method} {path}: {status}");
    }
    place.fetch(&path).await.expect(200);
    place.stop().await;
}

#[tokio::test]
async fn e14_one_range_is_answered_and_many_are_not() {
    let file = super::storing::sized_pdf(300_000);
    let (place, path) = place_with(&file).await;
    let client = place.server.client();
    let whole = client.get(&path).await.expect(200);
    assert_eq!((whole.header("accept-ranges"), whole.header("content-length")), (Some("bytes"), Some("300000")));
    let tag = whole.header("etag").unwrap().to_owned();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 300_000),
        ("bytes=100-199", 100, 200),
        ("bytes=299999-", 299_999, 300_000),
        ("bytes=-5", 299_995, 300_000),
        ("bytes=299990-999999", 299_990, 300_000),
        ("bytes=-999999", 0, 300_000),
        ("bytes=65535-65537", 65_535, 65_538),
    ] {
        let answer = get(&client, &path, &[("range", range)]).await.expect(206);
        assert_eq!(answer.body, file[from..to], "{range}");
        assert_eq!(answer.header("content-range"), Some(format!("bytes {from}-{}/300000", to - 1).as_str()), "{range}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
        assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")), "{range}");
    }
    for range in ["bytes=300000-", "bytes=300000-400000", "bytes=-0", "bytes=99999999999999999999-"] {
        let answer = get(&client, &path, &[("range", range)]).await;
        assert!(matches!(answer.status, 416 | 200), "{range}: {}", answer.status);
        assert!(answer.status == 200 || answer.header("content-range") == Some("bytes */300000"), "{range}: {:?}", answer.headers);
    }
    let many = format!("bytes={}", vec!["0-0"; 1000].join(","));
    let overlapping = format!("bytes={}", vec!["0-"; 50].join(","));
    for range in ["bytes=0-0,1-1", &many, &overlapping, "bytes=5-1", "bytes=a-b", "bytes=", "chars=0-1", "bytes=--1", "bytes=0-1-2", "0-1"]
    {
        let answer = get(&client, &path, &[("range", range)]).await.expect(200);
        assert!(answer.body == file, "{range:.40}");
    }
    let of = |condition: &'static str, value: String| {
        let (client, path) = (client.clone(), path.clone());
        async move { get(&client, &path, &[("range", "bytes=0-9"), (condition, &value)]).await.status }
    };
    assert_eq!(of("if-range", tag.clone()).await, 206);
    assert_eq!(of("if-range", "\"another\"".to_owned()).await, 200);
    assert_eq!(of("if-range", format!("W/{tag}")).await, 200);
    assert_eq!(of("if-range", "Sat, 01 Jan 2000 00:00:00 GMT".to_owned()).await, 200);
    for tags in [tag.clone(), format!("\"x\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let answer = get(&client, &path, &[("if-none-match", &tags)]).await.expect(304);
        assert!(answer.body.is_empty() && answer.header("etag") == Some(&tag), "{tags}");
    }
    assert_eq!(get(&client, &path, &[("if-none-match", "\"another\"")]).await.status, 200);
    let head = client.call("HEAD", &path).send().await.expect(200);
    assert_eq!((head.header("content-length"), head.body.len()), (Some("300000"), 0));
    place.stop().await;
}
