//! What was begun and never finished is removed, and nothing else.

use std::time::Duration;

use super::{Place, files::*, store_test, upload, url};
use crate::support::{Damage, eventually};

/// More than anything may be under way.
const LONG: Duration = Duration::from_secs(25 * 3600);

/// Lets the janitor see the store a day later.
pub async fn clean(place: &mut Place) {
    place.claimed().await;
    place.server.clock.advance(LONG);
    place.server.restart().await;
}

store_test! {
    async fn e10_objects_without_an_upload_are_removed_and_uploads_never(db, backend) {
        let mut place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let file = png(&picture(4, 4)).whole();
        let own = [url(&upload(&ann, &file).await), url(&upload(&ann, &pdf().whole()).await)];
        let mut kept: Vec<String> = own.iter().map(|url| place.key(url).to_owned()).collect();
        // Half a year later its address is still in somebody's post.
        place.server.clock.advance(180 * LONG);
        let orphans = [
            "community/2026/01/00000000000000000000000000000001.png",
            "community/2026/01/00000000000000000000000000000001-small.jpg",
            "community/2020/12/ffffffffffffffffffffffffffffffff.pdf",
        ];
        for key in orphans {
            place.plant(key, &file).await;
        }
        // What the server could not have made belongs to somebody else.
        let foreign = ["community/2026/01/readme.txt", "community/logo.png", "backup/2026.tar"];
        for key in foreign {
            place.plant(key, &file).await;
        }
        clean(&mut place).await;
        kept.extend(foreign.map(str::to_owned));
        kept.sort();
        eventually("only orphans to go", || async { (place.keys().await == kept).then_some(()) }).await;
        for url in &own {
            place.fetch(url).await.expect(200);
        }
        place.stop().await;
    }

    async fn e10_an_object_that_vanished_costs_only_itself(db, backend) {
        let mut place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await;
        let (first, second) = (upload(&ann.client, &pdf().whole()).await, upload(&ann.client, &pdf().whole()).await);
        place.lose(place.key(&url(&first))).await;
        clean(&mut place).await;
        place.fetch(&url(&first)).await.expect(404);
        place.audit(&url(&second)).await;
        let again = place.server.client();
        again.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
        again.delete(&format!("/api/uploads/{}", first["id"].as_str().unwrap())).await.expect(200);
        place.stop().await;
    }
}

store_test! {
    remote:
    async fn e10_what_cannot_be_removed_holds_up_nothing_else(db, backend) {
        let mut place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let mut keys = Vec::new();
        for _ in 0..2 {
            let answer = upload(&ann, &pdf().whole()).await;
            keys.push(place.key(&url(&answer)).to_owned());
            place.wire().damage(Damage::Answer(403, "AccessDenied"), "DELETE ");
            ann.delete(&format!("/api/uploads/{}", answer["id"].as_str().unwrap())).await.expect_error(503, "upload_unavailable");
            place.wire().heal();
        }
        let orphans = ["community/2026/01/00000000000000000000000000000001.pdf", "community/2026/01/00000000000000000000000000000002.pdf"];
        for key in orphans {
            place.plant(key, &pdf().whole()).await;
        }
        // The oldest of each.
        for (stays, left) in [(keys[0].clone(), vec![keys[0].clone()]), (orphans[0].to_owned(), vec![orphans[0].to_owned()])] {
            for key in orphans {
                place.plant(key, &pdf().whole()).await;
            }
            place.wire().damage(Damage::Answer(403, "AccessDenied"), stays.leak());
            clean(&mut place).await;
            eventually("the others to go", || async { (place.keys().await == left).then_some(()) }).await;
            place.wire().heal();
        }
        clean(&mut place).await;
        eventually("all to go", || async { place.keys().await.is_empty().then_some(()) }).await;
        place.stop().await;
    }
}
