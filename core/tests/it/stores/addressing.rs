//! A bucket in front of the host, as the real services have it and as operators get it who say nothing. All other tests have it in the
//! path, since there is no DNS for names of this machine.

use community::config::{Addressing, Config, UploadsSection};

use super::{Backend, Place, files::*, janitor::clean, list, store_test, storing::sized_pdf, upload, url};
use crate::support::eventually;

/// Puts the bucket in front of a host that only the server's resolver knows.
fn in_front(config: &mut Config, backend: Backend) {
    config.uploads.addressing = UploadsSection::default().addressing;
    let host = if backend == Backend::S3 { "s3.test" } else { "oss.test" };
    config.uploads.endpoint.as_mut().unwrap().set_host(Some(host)).unwrap();
}

store_test! {
    remote:
    async fn a_bucket_in_front_of_the_host_is_written_listed_and_emptied(db, backend) {
        let place = Place::start_with(db, backend, |config| {
            config.limits.enabled = false;
            in_front(config, backend);
        });
        let mut place = place.await;
        assert_eq!(place.server.config.uploads.addressing, Addressing::Virtual);
        let ann = place.server.member("Ann").await.client;
        // In one piece, and in several.
        let (small, large) = (png(&picture(4, 4)).whole(), sized_pdf(9 << 20));
        let (removed, kept) = (upload(&ann, &small).await, upload(&ann, &large).await);
        assert!(place.audit(&url(&removed)).await.0 == small && place.audit(&url(&kept)).await.0 == large, "the stored bytes are others");
        assert_eq!(place.unfinished().await, [""; 0]);
        ann.delete(&format!("/api/uploads/{}", removed["id"].as_str().unwrap())).await.expect(200);
        place.fetch(&url(&removed)).await.expect(404);
        assert_eq!(list(&ann).await.len(), 1);
        // The janitor lists what there is.
        let kept = vec![place.key(&url(&kept)).to_owned()];
        place.plant("community/2026/01/00000000000000000000000000000001.png", &small).await;
        clean(&mut place).await;
        eventually("the orphan to go", || async { (place.keys().await == kept).then_some(()) }).await;
        let (bucket, requests) = (&place.bucket().name, place.wire().requests());
        assert!(requests.len() > 8 && requests.iter().all(|line| !line.contains(bucket.as_str())), "{requests:?}");
        assert!(place.server.names.asked().iter().all(|host| host.starts_with(&format!("{bucket}."))), "{:?}", place.server.names.asked());
        place.stop().await;
    }
}
