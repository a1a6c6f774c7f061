//! How files come out of the folder.

use std::os::unix::fs::symlink;

use super::*;
use crate::support::{Db, TestServer};

#[tokio::test]
async fn e15_files_come_with_headers_that_keep_browsers_from_running_them() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    for (content, disposition) in [(file(6, 4, ImageFormat::Png), "inline"), (PDF.to_vec(), "attachment")] {
        let url = upload(&ann, &content).await.expect(200).json()["url"].as_str().unwrap().to_owned();
        let name = url.rsplit('/').next().unwrap();
        for method in ["GET", "HEAD"] {
            let answer = server.client().call(method, &url).send().await.expect(200);
            for (header, value) in [
                ("x-content-type-options", "nosniff"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("cache-control", "public, max-age=31536000, immutable"),
                ("accept-ranges", "bytes"),
                ("vary", "Origin"),
                ("content-disposition", &format!("{disposition}; filename=\"{name}\"")),
                ("etag", &format!("\"{name}\"")),
            ] {
                assert_eq!(answer.header(header), Some(value), "{method} {header}");
            }
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        }
        let same = server.client().call("GET", &url).header("if-none-match", format!("\"{name}\"")).send().await.expect(304);
        assert!(same.body.is_empty() && same.header("cache-control").is_some());
    }
    server.stop().await;
}

#[tokio::test]
async fn e14_one_range_is_honoured_and_nothing_but_files_is_found() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    let url = upload(&ann, PDF).await.expect(200).json()["url"].as_str().unwrap().to_owned();
    let tag = format!("\"{}\"", url.rsplit('/').next().unwrap());
    let size = PDF.len();
    let get = |range: &str| server.client().call("GET", &url).header("range", range);
    for (range, from, to) in
        [("bytes=0-3", 0, 4), ("bytes=5-", 5, size), ("bytes=-6", size - 6, size), ("bytes=0-999999", 0, size), ("bytes=-999999", 0, size)]
    {
        let part = get(range).send().await.expect(206);
        assert_eq!(
            (part.body.as_slice(), part.header("content-range")),
            (&PDF[from..to], Some(format!("bytes {from}-{}/{size}", to - 1).as_str())),
            "{range}"
        );
    }
    for range in
        ["bytes=0-0,1-1", &format!("bytes={}", vec!["0-0"; 900].join(",")), "bytes=3-1", "bytes=x-", "lines=1-2", "bytes=", "bytes=-"]
    {
        assert_eq!(get(range).send().await.expect(200).body, PDF, "{range}");
    }
    for range in [format!("bytes={size}-"), "bytes=-0".to_owned()] {
        assert_eq!(get(&range).send().await.expect(416).header("content-range"), Some(format!("bytes */{size}").as_str()));
    }
    for range in ["bytes=0-3".to_owned(), format!("bytes={size}-")] {
        let whole = server.client().call("HEAD", &url).header("range", &range).send().await.expect(200);
        let said = (whole.header("content-length"), whole.header("content-range"), whole.body.len());
        assert_eq!(said, (Some(size.to_string().as_str()), None, 0), "{range}");
    }
    get("bytes=0-3").header("if-range", &tag).send().await.expect(206);
    get("bytes=0-3").header("if-range", "\"another\"").send().await.expect(200);

    let folder = server.config.uploads_directory();
    let hex = "0123456789abcdef0123456789abcdef";
    symlink(server.config.data_dir.join("community.db"), folder.join(format!("community/2026/06/{hex}.pdf"))).unwrap();
    std::fs::create_dir(folder.join(format!("community/2026/06/{hex}.png"))).unwrap();
    symlink(folder.join("community/2026/06"), folder.join("community/2026/07")).unwrap();
    for path in [
        "/uploads/",
        "/uploads/community",
        "/uploads/community/2026/06/",
        "/uploads/../community.toml",
        "/uploads/%2e%2e/community.db",
        "/uploads/..%2fcommunity.db",
        "/uploads//etc/passwd",
        "/uploads/community/owner-x",
        &format!("/uploads/community/2026/06/{hex}.pdf"),
        &format!("/uploads/community/2026/06/{hex}.png"),
        &format!("/uploads/community/2026/07/{}", url.rsplit('/').next().unwrap()),
        &format!("/uploads/community/2026/06/{hex}.pdf%00"),
        &format!("/uploads/community/2026/06/{hex}.jpg"),
    ] {
        server.client().get(path).await.expect(404);
    }
    server.stop().await;
}
