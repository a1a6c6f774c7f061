//! `community user export`: all that is kept about somebody, and no secret.

use std::{fs, os::unix::fs::PermissionsExt};

use image::ImageFormat;
use serde_json::{Value, json};

use super::profile;
use crate::{
    posts::{fill, write},
    rooms::{closed_room, id, invite, join, leave, open_room, say, send},
    store::{member, open},
    support::{Binary, PASSWORD},
    uploads::{field, file, form, send as send_form},
};

/// The values of one field in a list.
fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
}

db_test! {
    async fn somebody_gets_all_that_is_kept_about_them_and_no_secret(db) {
        let binary = Binary::start(db, &[]).await;
        let store = open(&binary).await;
        let (ann, bob) = (member(&binary, "Ann").await, member(&binary, "Bob").await);
        let browser = binary.client();
        browser.post("/api/email/login", json!({ "email": ann.email, "password": PASSWORD })).await.expect(200);
        let (room, left, closed) = (open_room(&ann.client, "Lobby").await, open_room(&bob.client, "Left").await, closed_room(&bob.client, "Secret").await);
        join(&bob.client, &room).await.expect(200);
        join(&ann.client, &left).await.expect(200);
        let early = id(&say(&ann.client, &left, "Is anybody here?").await);
        leave(&ann.client, &left).await.expect(200);
        invite(&bob.client, &closed, ann.id.as_str()).await.expect(200);
        let upload = send_form(&ann.client, form(&[field("file", "holiday.png", &file(8, 8, ImageFormat::Png))])).await.expect(200).json();
        let said = send(&ann.client, &room, json!({ "body": "Line\n\"two\"", "attachments": [upload["url"]] })).await.expect(200).json();
        let heard = id(&say(&bob.client, &room, "Nobody else's business").await);
        ann.client.call("PUT", &format!("/api/rooms/{room}/messages/{heard}/reactions/\u{1f44d}")).send().await.expect(200);
        write(&bob.client, "By Bob").await;
        let posts = fill(&store, &ann, 230, "A text").await;

        let printed = binary.run_well(&["user", "export", &ann.email], "").await;
        let document: Value = serde_json::from_str(&printed).unwrap();
        let account = &document["account"];
        assert_eq!((&account["id"], &account["username"], &account["role"]), (&json!(ann.id.as_str()), &json!("Ann"), &json!("user")));
        assert_eq!(all(&document["identities"], "email"), [ann.email.as_str()]);
        let identity = &document["identities"][0];
        assert_eq!((&identity["provider"], &identity["subject"], &identity["emailVerified"]), (&json!("email"), &json!(ann.email), &json!(true)));
        assert_eq!(identity["devices"].as_array().unwrap().len(), 1);
        assert_eq!(document["sessions"].as_array().unwrap().len(), 2);
        assert!(all(&document["sessions"], "client").contains(&"community user session"));
        let rooms = &document["rooms"];
        assert_eq!((all(rooms, "id"), all(rooms, "name"), all(rooms, "role")), (vec![room.as_str()], vec!["Lobby"], vec!["owner"]));
        assert_eq!(all(&document["invitations"], "name"), ["Secret"]);
        assert_eq!(all(&document["posts"], "id"), posts);
        let messages = &document["messages"];
        assert_eq!(all(messages, "id"), [early, id(&said["message"])]);
        assert_eq!((&messages[1]["body"], &messages[1]["attachments"]), (&json!("Line\n\"two\""), &json!([upload["url"]])));
        assert_eq!((&messages[0]["room"], &messages[1]["room"]), (&json!(left), &json!(room)));
        assert_eq!(document["reactions"], json!([{ "emoji": "\u{1f44d}", "message": heard, "room": room }]));
        assert_eq!((all(&document["uploads"], "url"), all(&document["uploads"], "name")), (vec![upload["url"].as_str().unwrap()], vec!["holiday.png"]));
        for others in ["Nobody else's business", "By Bob", &bob.email, "Bob"] {
            assert!(!printed.contains(others), "{others}");
        }
        let secrets = [&ann.client, &browser].into_iter().flat_map(|client| client.cookies().into_values());
        for secret in secrets.filter(|secret| !secret.is_empty()).chain(["argon2".to_owned(), PASSWORD.to_owned()]) {
            assert!(!printed.contains(&secret), "{secret}");
        }
        assert!(printed.lines().count() > 1000, "it can be read");
        binary.stop().await;
    }

    async fn a_file_of_it_is_for_nobody_else_and_replaces_none(db) {
        let binary = Binary::start(db, &[]).await;
        let ann = member(&binary, "Ann").await;
        let arguments = ["user", "export", &ann.email, "--out", "ann.json"];
        assert_eq!(binary.run_well(&arguments, "").await, "");
        let path = binary.folder().join("ann.json");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let written = fs::read_to_string(&path).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap()["account"]["username"], "Ann");
        for (arguments, reason) in [
            (arguments, "is there already"),
            (["user", "export", &ann.email, "--out", "nowhere/ann.json"], "cannot be made"),
            (["user", "export", "nobody@example.org", "--out", "nobody.json"], "there is no account"),
        ] {
            let output = binary.run(&arguments, "").await;
            let sentence = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && sentence.contains(reason), "{sentence}");
        }
        assert!(fs::read_to_string(&path).unwrap() == written && !binary.folder().join("nobody.json").exists());
        binary.stop().await;
    }

    async fn who_has_no_address_and_said_nothing_is_exported_as_well(db) {
        let binary = Binary::start(db, &[]).await;
        let store = open(&binary).await;
        let enter = store.write(profile("reddit", "ann"), |tx, profile| Box::pin(community::accounts::actions::sign_in(tx, profile)));
        let id = enter.await.unwrap().user.id.to_string();
        let document: Value = serde_json::from_str(&binary.run_well(&["user", "export", "reddit:ann_handle"], "").await).unwrap();
        assert_eq!((&document["account"]["id"], &document["identities"][0]["handle"]), (&json!(id), &json!("ann_handle")));
        for part in ["sessions", "rooms", "invitations", "posts", "messages", "reactions", "uploads"] {
            assert_eq!(document[part], json!([]), "{part}");
        }
        assert_eq!(document["addressToBeVerified"], json!(null));
        binary.stop().await;
    }
}
