//! The claims about a person, from the ID token and from the `UserInfo` endpoint.

use std::collections::BTreeMap;

use openclaw_sdk::{Document, Email, Failure, Profile, log, read_json};
use serde::Deserialize;
use serde_json::Value;

/// Claims by name.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Claims(BTreeMap<String, Value>);

impl Claims {
    /// The claims of the ID token, completed by those of the `UserInfo` endpoint, which have to be about the same person.
    pub fn of(profile: &Profile) -> Result<Self, Failure> {
        let token = profile.claims.as_deref().map(serde_json::from_str::<Self>);
        let Some(Ok(mut claims)) = token else { return Err(Failure::Unexpected("there is no ID token with claims".to_owned())) };
        let Some(info) = profile.documents.first().and_then(read) else { return Ok(claims) };
        if info.text("sub").is_none() || info.text("sub") != claims.text("sub") {
            return Err(Failure::Unexpected("the UserInfo endpoint told of somebody else than the ID token".to_owned()));
        }
        // Whether an address is verified is said by whoever says the address.
        if claims.0.contains_key("email") || !info.0.contains_key("email") {
            claims.complete(info, &["email", "email_verified"]);
        } else {
            claims.0.remove("email_verified");
            claims.complete(info, &[]);
        }
        Ok(claims)
    }

    fn complete(&mut self, other: Self, except: &[&str]) {
        for (name, value) in other.0 {
            if !except.contains(&name.as_str()) {
                self.0.entry(name).or_insert(value);
            }
        }
    }

    /// A claim that is a text with something in it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// The address, and whether it is verified; some providers say that in words.
    pub fn email(&self) -> Option<Email> {
        let verified = match self.0.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(words)) => words == "true",
            _ => false,
        };
        self.text("email").map(|address| Email { address: address.to_owned(), verified })
    }
}

/// What the `UserInfo` endpoint told. The ID token says enough to sign in, so a failure here is none.
fn read(document: &Document) -> Option<Claims> {
    match read_json(Some(document)) {
        Ok(claims) => Some(claims),
        Err(Failure::Unexpected(sentence) | Failure::Refused(sentence)) => {
            log::warn(&format!("the claims of the ID token have to do: {sentence}"));
            None
        }
    }
}
