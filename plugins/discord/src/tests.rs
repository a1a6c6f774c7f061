use openclaw_sdk::{Document, Failure, Identity, OAuthProvider, Profile};

use super::Discord;

fn identify(status: u16, body: &str) -> Result<Identity, Failure> {
    let documents = vec![Document { status, body: body.into() }];
    Discord::identify(Profile { claims: None, scopes: Vec::new(), documents })
}

#[test]
fn a_person_is_who_the_id_says() {
    let identity = identify(
        200,
        r#"{"id": "80351110224678912", "username": "nelly", "discriminator": "0", "global_name": "Nelly N.", "verified": true,
            "avatar": "a_8342729096ea3675442027381ff50dfe", "email": "nelly@example.com", "flags": 64}"#,
    )
    .unwrap();
    assert_eq!((identity.subject.as_str(), identity.username.as_str()), ("80351110224678912", "nelly"));
    assert_eq!(identity.display_name.as_deref(), Some("Nelly N."));
    let picture = "https://cdn.discordapp.com/avatars/80351110224678912/a_8342729096ea3675442027381ff50dfe.png?size=128";
    assert_eq!(identity.avatar.as_deref(), Some(picture));
    let email = identity.email.unwrap();
    assert_eq!((email.address.as_str(), email.verified), ("nelly@example.com", true));
}

#[test]
fn an_address_is_not_needed_and_not_trusted_unasked() {
    let identity = identify(200, r#"{"id": "1", "username": "nelly", "global_name": null, "avatar": null}"#).unwrap();
    assert!(identity.email.is_none() && identity.avatar.is_none() && identity.display_name.is_none());
    let identity = identify(200, r#"{"id": "1", "username": "nelly", "email": null, "verified": true, "avatar": "../x"}"#).unwrap();
    assert!(identity.email.is_none() && identity.avatar.is_none());
    assert!(!identify(200, r#"{"id": "1", "username": "nelly", "email": "a@example.com"}"#).unwrap().email.unwrap().verified);
}

#[test]
fn anything_else_is_unexpected() {
    for (status, body) in [(401, r#"{"message": "401: Unauthorized", "code": 0}"#), (200, "<html>"), (200, r#"{"id": 1, "username": "x"}"#)]
    {
        assert!(matches!(identify(status, body), Err(Failure::Unexpected(_))), "{body}");
    }
}
