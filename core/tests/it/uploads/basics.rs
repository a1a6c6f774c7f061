//! A file goes in, comes out, is listed and removed.

use super::*;
use crate::support::TestServer;

db_test! {
    async fn a_file_is_stored_and_served(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        for format in FORMATS {
            let content = file(6, 4, format);
            let (answer, stored) = passed(&ann, &content).await;
            assert_eq!((&answer["ok"], answer["contentType"].as_str()), (&true.into(), Some(format.to_mime_type())), "{answer}");
            assert_eq!((answer["width"].as_u64(), answer["height"].as_u64(), &answer["thumbnailUrl"]), (Some(6), Some(4), &Value::Null), "{answer}");
            let url = answer["url"].as_str().unwrap();
            assert!(url.starts_with(&format!("{}/uploads/community/2026/06/", server.url())), "{url}");
            assert_eq!(image::load_from_memory_with_format(&stored, format).unwrap().to_rgb8(), image::load_from_memory_with_format(&content, format).unwrap().to_rgb8(), "{format:?}");
        }
        let (answer, stored) = passed(&ann, PDF).await;
        assert_eq!((answer["contentType"].as_str(), &answer["width"], stored.as_slice()), (Some("application/pdf"), &Value::Null, PDF));
        server.stop().await;
    }

    async fn an_upload_has_a_name_and_is_shown_to_its_owner_alone(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let sent = send(&ann, form(&[field("file", "../tmp/Größe\u{202e}.pdf", PDF)])).await.expect(200).json();
        assert_eq!(sent["name"], "Größe.pdf");
        let path = format!("/api/uploads/{}", sent["id"].as_str().unwrap());
        assert_eq!(ann.get(&path).await.expect(200).json(), sent);
        assert_eq!(ann.get("/api/uploads").await.json()["uploads"][0]["name"], "Größe.pdf");
        bob.get(&path).await.expect_error(404, "not_found");
        server.client().get(&path).await.expect_error(401, "login_required");
        ann.get("/api/uploads/up-none").await.expect_error(404, "not_found");
        ann.delete(&path).await.expect(200);
        ann.get(&path).await.expect_error(404, "not_found");
        assert_eq!(send(&ann, form(&[field("file", "..", PDF)])).await.expect(200).json()["name"], Value::Null);
        server.stop().await;
    }

    async fn files_in_the_folder_stay_whatever_the_store_is(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let answer = upload(&ann.client, PDF).await.expect(200).json();
        let place = format!("/uploads/{}", answer["url"].as_str().unwrap().split_once("/uploads/").unwrap().1);
        server.config.uploads.backend = community::config::UploadsBackend::None;
        server.restart().await;
        assert_eq!(server.client().get(&place).await.expect(200).body, PDF);
        let again = server.client();
        again.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
        again.delete(&format!("/api/uploads/{}", answer["id"].as_str().unwrap())).await.expect(200);
        server.client().get(&place).await.expect(404);
        server.stop().await;
    }

    async fn uploads_are_counted(db) {
        let server = TestServer::start_with(db, |config| config.metrics.listen = Some(([127, 0, 0, 1], 0).into())).await;
        let ann = server.member("Ann").await.client;
        upload(&ann, PDF).await.expect(200);
        upload(&ann, b"hello").await.expect(400);
        let text = Client::new(format!("http://{}", server.running().metrics_addr.unwrap())).get("/metrics").await.expect(200).text();
        for line in [r#"community_uploads_total{outcome="ready"} 1"#, r#"community_uploads_total{outcome="invalid_request"} 1"#] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.contains("opendal_operation_"), "{text}");
        server.stop().await;
    }

    async fn every_counter_is_in_the_guide_for_operators(db) {
        let guide = include_str!("../../../docs/operating.md");
        let server = TestServer::start_with(db, |config| config.metrics.listen = Some(([127, 0, 0, 1], 0).into())).await;
        upload(&server.member("Ann").await.client, PDF).await.expect(200);
        let text = Client::new(format!("http://{}", server.running().metrics_addr.unwrap())).get("/metrics").await.expect(200).text();
        let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        // Those of the store are many, and their library's.
        let missing: Vec<&str> = names.filter(|name| !guide.contains(name.split_inclusive("opendal_").next().unwrap())).collect();
        assert!(missing.is_empty() && text.contains("community_opendal_"), "{missing:?}");
        server.stop().await;
    }

    async fn own_uploads_are_listed_by_pages(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.insert(0, upload(&ann, PDF).await.expect(200).json()["id"].as_str().unwrap().to_owned());
        }
        upload(&bob, PDF).await.expect(200);
        let first = ann.get("/api/uploads?limit=2").await.expect(200);
        let listed = |answer: &Answer| answer.json()["uploads"].as_array().unwrap().iter().map(|upload| upload["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((listed(&first), &first.json()["more"]), (ids[..2].to_vec(), &true.into()));
        let second = ann.get(&first.next_page().unwrap()).await.expect(200);
        assert_eq!((listed(&second), &second.json()["more"], second.next_page()), (ids[2..].to_vec(), &false.into(), None));
        for wrong in ["limit=0", "before=u-1", "limit=1&limit=2", "limit=x"] {
            ann.get(&format!("/api/uploads?{wrong}")).await.expect_error(400, "invalid_request");
        }
        server.client().get("/api/uploads").await.expect_error(401, "login_required");
        server.stop().await;
    }

    async fn an_upload_is_removed_by_its_owner_and_admins_only(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, admin) = (server.member("Ann").await.client, server.member("Bob").await.client, server.admin("Root").await.client);
        for who in [&ann, &admin] {
            let answer = upload(&ann, PDF).await.expect(200).json();
            let (url, path) = (answer["url"].as_str().unwrap(), format!("/api/uploads/{}", answer["id"].as_str().unwrap()));
            bob.delete(&path).await.expect_error(404, "not_found");
            server.client().delete(&path).await.expect_error(401, "login_required");
            bob.get(url).await.expect(200);
            who.delete(&path).await.expect(200);
            bob.get(url).await.expect(404);
            who.delete(&path).await.expect_error(404, "not_found");
        }
        assert_eq!(ann.get("/api/uploads").await.json()["uploads"], Value::Array(Vec::new()));
        server.stop().await;
    }

    async fn an_address_of_an_upload_is_an_attachment(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let url = upload(&ann, PDF).await.expect(200).json()["url"].clone();
        let post = ann.post("/api/posts", serde_json::json!({ "title": "See", "attachments": [url] })).await.expect(200).json();
        assert_eq!(post["post"]["attachments"][0], url);
        server.stop().await;
    }
}
