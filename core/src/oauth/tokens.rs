//! The answer of a token endpoint. More forgiving than the standard's where real servers differ: the scope may be parted by
//! commas or be a list, the lifetime may be anything, since tokens are used at once and never kept.

use std::time::Duration;

use openidconnect::{
    AccessToken, AdditionalClaims, IdToken, IdTokenClaims, OAuth2TokenResponse, RefreshToken, Scope, TokenResponse,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

/// Claims of an ID token that the standard does not name, unchanged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FurtherClaims {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for FurtherClaims {}

/// An ID token that is not verified yet.
pub type RawIdToken = IdToken<FurtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// What an ID token says.
pub type Claims = IdTokenClaims<FurtherClaims, CoreGenderClaim>;

/// What a code was exchanged for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tokens {
    access_token: AccessToken,
    #[serde(deserialize_with = "bearer")]
    token_type: CoreTokenType,
    #[serde(default, deserialize_with = "scopes")]
    scope: Option<Vec<Scope>>,
    id_token: Option<RawIdToken>,
}

impl OAuth2TokenResponse for Tokens {
    type TokenType = CoreTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &CoreTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        None
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}

impl TokenResponse<FurtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm> for Tokens {
    fn id_token(&self) -> Option<&RawIdToken> {
        self.id_token.as_ref()
    }
}

/// The one kind of token that is understood, however it is written.
fn bearer<'de, D: Deserializer<'de>>(from: D) -> Result<CoreTokenType, D::Error> {
    let kind = String::deserialize(from)?;
    if kind.eq_ignore_ascii_case("bearer") { Ok(CoreTokenType::Bearer) } else { Err(de::Error::custom("not a bearer token")) }
}

/// The granted scopes; none if the server does not say.
fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Scope>>, D::Error> {
    let words: Vec<String> = match Value::deserialize(from)? {
        Value::String(text) => text.split([' ', ',']).map(str::to_owned).collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return Ok(None),
    };
    let scopes: Vec<Scope> = words.into_iter().filter(|word| !word.is_empty()).map(Scope::new).collect();
    Ok((!scopes.is_empty()).then_some(scopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes_of(json: &str) -> Option<Vec<String>> {
        let tokens: Tokens = serde_json::from_str(json).expect("tokens");
        tokens.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect())
    }

    #[test]
    fn scopes_are_read_however_they_are_written() {
        let wanted = Some(vec!["identify".to_owned(), "email".to_owned()]);
        for scope in [r#""identify email""#, r#""identify,email""#, r#"["identify", "email"]"#, r#"" identify  email ""#] {
            let json = format!(r#"{{"access_token": "t", "token_type": "bearer", "expires_in": "3600", "scope": {scope}}}"#);
            assert_eq!(scopes_of(&json), wanted, "{scope}");
        }
        for scope in ["null", r#""""#, "[]", "1"] {
            let json = format!(r#"{{"access_token": "t", "token_type": "Bearer", "scope": {scope}}}"#);
            assert_eq!(scopes_of(&json), None, "{scope}");
        }
        assert_eq!(scopes_of(r#"{"access_token": "t", "token_type": "BEARER", "created_at": 1}"#), None);
    }

    #[test]
    fn what_is_no_bearer_token_is_refused() {
        for json in
            ["{}", r#"{"access_token": "t"}"#, r#"{"access_token": "t", "token_type": "mac"}"#, r#"{"error": "bad_verification_code"}"#]
        {
            assert!(serde_json::from_str::<Tokens>(json).is_err(), "{json}");
        }
    }
}
