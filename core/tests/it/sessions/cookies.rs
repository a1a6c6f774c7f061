//! Which cookies are a session.

use crate::support::TestServer;

const ME: &str = "/api/me";

db_test! {
    async fn a34_only_the_very_cookie_of_a_live_session_signs_in(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let (name, right) = (ann.cookie_name, ann.client.cookie(ann.cookie_name).unwrap());
        let mut flipped = right.clone().into_bytes();
        flipped[5] = if flipped[5] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(flipped).unwrap();
        let with = |cookie: String| server.client().call("GET", ME).header("cookie", cookie).send();
        with(format!("{name}={right}")).await.expect(200);
        with(format!("theme=dark; {name}={right}; lang=de")).await.expect(200);
        let refused = [
            format!("{name}="),
            format!("{name}=x"),
            format!("{name}={flipped}"),
            format!("{name}={right}x"),
            format!("{name}=\"{right}\""),
            format!("{name}={}", "A".repeat(43)),
            format!("{name}={}", "%00".repeat(20)),
            format!("x{name}={right}"),
            format!("{}={right}", name.to_uppercase()),
            format!("__Host-{name}={right}"),
            right.clone(),
        ];
        for cookie in refused {
            with(cookie).await.expect_error(401, "login_required");
        }
        server.client().get(ME).await.expect_error(401, "login_required");
        server.stop().await;
    }

    async fn a34_two_different_cookies_of_the_name_are_none(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let (name, anns, bobs) =
            (ann.cookie_name, ann.client.cookie(ann.cookie_name).unwrap(), bob.client.cookie(bob.cookie_name).unwrap());
        let call = || server.client().call("GET", ME);
        for second in [bobs.as_str(), "x", ""] {
            call().header("cookie", format!("{name}={anns}; {name}={second}")).send().await.expect_error(401, "login_required");
            call().header("cookie", format!("{name}={second}; {name}={anns}")).send().await.expect_error(401, "login_required");
        }
        let two_headers = call().header("cookie", format!("{name}={anns}")).header("cookie", format!("{name}={bobs}"));
        two_headers.send().await.expect_error(401, "login_required");
        call().header("cookie", format!("{name}={anns}; {name}={anns}")).send().await.expect(200);
        server.stop().await;
    }

    async fn a34_cookies_without_end_are_refused(db) {
        let server = TestServer::start(db).await;
        let call = server.client().call("GET", ME).header("cookie", format!("community_sid={}", "A".repeat(8 << 10)));
        call.send().await.expect_error(431, "headers_too_large");
        server.stop().await;
    }
}
