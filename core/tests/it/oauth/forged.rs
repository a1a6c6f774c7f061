//! ID tokens that are not what they should be.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use community::clock::{Clock, SystemClock};
use serde_json::json;

use super::{OK, PROVIDER, accounts, browser, faulty_community, nobody, someone};
use crate::support::{FaultyProvider, IdToken, Signature};

/// A name for a failed assertion, and what is done to the token.
type Forgery = (&'static str, Box<dyn Fn(&mut IdToken) + Send + Sync>);

fn forgery(name: &'static str, forge: impl Fn(&mut IdToken) + Send + Sync + 'static) -> Forgery {
    (name, Box::new(forge))
}

fn claim(name: &'static str, claim: &'static str, value: serde_json::Value) -> Forgery {
    forgery(name, move |token| token.claims[claim] = value.clone())
}

/// Seconds since 1970, `span` from now.
fn in_future(span: Duration) -> i64 {
    SystemClock.now().plus(span).millis() / 1000
}

fn claims() -> Vec<Forgery> {
    let hour = Duration::from_hours(1);
    let past = SystemClock.now().minus(hour).millis() / 1000;
    vec![
        claim("another nonce", "nonce", json!("0123456789abcdefghijklmnopqrstuvwxyzABCDEFE")),
        forgery("no nonce", |token| {
            token.claims.as_object_mut().unwrap().remove("nonce");
        }),
        claim("for others", "aud", json!("somebody")),
        claim("for us and a stranger", "aud", json!(["faulty-id", "stranger"])),
        claim("for nobody", "aud", json!([])),
        claim("asked for by another", "azp", json!("stranger")),
        claim("expired", "exp", json!(past)),
        claim("from the future", "iat", json!(in_future(hour))),
        claim("another issuer", "iss", json!("https://evil.example")),
        forgery("an issuer that begins like ours", |token| {
            let issuer = format!("{}/", token.claims["iss"].as_str().unwrap());
            token.claims["iss"] = json!(issuer);
        }),
        forgery("about nobody", |token| {
            token.claims.as_object_mut().unwrap().remove("sub");
        }),
        claim("about somebody else than UserInfo", "sub", json!("subject-2")),
    ]
}

fn signatures(provider: &FaultyProvider) -> Vec<Forgery> {
    let modulus = provider.keys()["keys"][0]["n"].as_str().unwrap().to_owned();
    let hmac = |name, secret: Vec<u8>| {
        forgery(name, move |token| {
            token.header["alg"] = json!("HS256");
            token.signature = Signature::Hmac(secret.clone());
        })
    };
    vec![
        forgery("no algorithm", |token| {
            token.header = json!({ "alg": "none" });
            token.signature = Signature::Missing;
        }),
        forgery("no algorithm, in capitals", |token| {
            token.header["alg"] = json!("NONE");
            token.signature = Signature::Missing;
        }),
        forgery("no signature", |token| token.signature = Signature::Missing),
        forgery("the signature of another token", |token| token.signature = Signature::OfAnother),
        hmac("HMAC with the public key", URL_SAFE_NO_PAD.decode(&modulus).unwrap()),
        hmac("HMAC with the public key as text", modulus.into_bytes()),
        hmac("HMAC with the client's secret", b"faulty-secret".to_vec()),
        forgery("an unknown key", |token| token.header["kid"] = json!("key-2")),
        forgery("a key that it brings along", |token| {
            token.header["jwk"] = json!({ "kty": "oct", "k": "AAAA" });
            token.header["kid"] = json!("key-2");
        }),
    ]
}

db_test! {
    async fn b08_a_token_that_does_not_fit_signs_nobody_in(db) {
        let (server, provider) = faulty_community(db).await;
        for (name, forge) in claims().into_iter().chain(signatures(&provider)) {
            provider.forge(forge);
            let mut ada = browser(&server);
            assert_eq!(ada.sign_in("faulty", &someone("ada")).await, PROVIDER, "{name}");
            nobody(&ada.site).await;
        }
        assert_eq!(accounts(&server).await, 0);
        // The same without forgery does: none of the above failed for another reason, and none of it counts as an outage.
        provider.heal();
        let mut ada = browser(&server);
        assert_eq!(ada.sign_in("faulty", &someone("ada")).await, OK);
        assert_eq!(ada.me().await["username"], "Fay F");
        server.stop().await;
    }
}
