//! ID tokens, right and forged.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use community::clock::{Clock, SystemClock, Timestamp};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreHmacKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use serde_json::{Value, json};

use super::CLIENT;

/// The name of the one key.
const KEY: &str = "key-1";

/// An ID token before it is signed.
pub struct IdToken {
    /// `alg`, `kid`, `typ`.
    pub header: Value,
    /// Who, from whom, for whom, until when.
    pub claims: Value,
    /// How it is signed, whatever the header says.
    pub signature: Signature,
}

/// How a token is signed.
#[derive(Debug, Clone)]
pub enum Signature {
    /// With the provider's key.
    Real,
    /// Not at all.
    Missing,
    /// With the provider's key, but for other claims.
    OfAnother,
    /// By HMAC with these bytes, which the client knows as well.
    Hmac(Vec<u8>),
}

impl IdToken {
    pub(super) fn new(claims: Value) -> Self {
        Self { header: json!({ "alg": "RS256", "kid": KEY, "typ": "JWT" }), claims, signature: Signature::Real }
    }

    pub(super) fn encode(&self, key: &CoreRsaPrivateSigningKey) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&self.header), part(&self.claims));
        let rsa = |text: &str| key.sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, text.as_bytes()).unwrap();
        let signature = match &self.signature {
            Signature::Real => rsa(&text),
            Signature::Missing => Vec::new(),
            Signature::OfAnother => rsa("something else"),
            Signature::Hmac(secret) => {
                CoreHmacKey::new(secret.clone()).sign(&CoreJwsSigningAlgorithm::HmacSha256, text.as_bytes()).unwrap()
            }
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The key in PEM (PKCS #1).
pub fn key(pem: &str) -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(KEY.to_owned()))).unwrap()
}

/// The claims of `person` as an ID token of `issuer` for us, valid for a day, since tests turn the server's clock.
pub fn times(person: Value, issuer: &str, nonce: Option<&str>) -> Value {
    let mut claims = person;
    let now = SystemClock.now();
    claims["iss"] = json!(issuer);
    claims["aud"] = json!(format!("{CLIENT}-id"));
    claims["iat"] = json!(seconds(now));
    claims["exp"] = json!(seconds(now.plus(Duration::from_hours(24))));
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

/// A moment as tokens have it.
pub fn seconds(moment: Timestamp) -> i64 {
    moment.millis() / 1000
}
