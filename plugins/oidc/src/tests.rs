use openclaw_sdk::{Document, Failure, Identity, OAuthProvider, Profile, Source};

use super::{Claims, OpenId, check_domain, identity, sources};

fn profile(claims: &str, status: u16, info: &str) -> Profile {
    let documents = vec![Document { status, body: info.into() }];
    Profile { claims: Some(claims.to_owned()), scopes: Vec::new(), documents }
}

fn identify(claims: &str, status: u16, info: &str) -> Result<Identity, Failure> {
    OpenId::identify(profile(claims, status, info))
}

#[test]
fn claims_of_both_places_are_put_together() {
    let info = r#"{"sub": "1", "preferred_username": "nelly", "name": "Nelly N.", "picture": "https://id.example/p.png", "email": "n@example.com",
                   "email_verified": true}"#;
    let person = identify(r#"{"iss": "https://id.example", "sub": "1", "name": "Nelly"}"#, 200, info).unwrap();
    assert_eq!((person.subject.as_str(), person.username.as_str(), person.display_name.as_deref()), ("1", "nelly", Some("Nelly")));
    assert_eq!(person.avatar.as_deref(), Some("https://id.example/p.png"));
    assert!(person.email.unwrap().verified);
}

#[test]
fn whether_an_address_is_verified_is_said_by_whoever_says_the_address() {
    let verified = |claims, info| identify(claims, 200, info).unwrap().email.unwrap().verified;
    assert!(!verified(r#"{"sub": "1", "email": "a@example.com"}"#, r#"{"sub": "1", "email": "b@example.com", "email_verified": true}"#));
    assert!(!verified(r#"{"sub": "1", "email_verified": true}"#, r#"{"sub": "1", "email": "b@example.com"}"#));
    assert!(verified(r#"{"sub": "1", "email_verified": false}"#, r#"{"sub": "1", "email": "b@example.com", "email_verified": "true"}"#));
    assert!(identify(r#"{"sub": "1"}"#, 200, r#"{"sub": "1", "email_verified": true}"#).unwrap().email.is_none());
}

#[test]
fn somebody_else_is_unexpected() {
    for info in [r#"{"sub": "2"}"#, r#"{"name": "Nelly"}"#, r#"{"sub": 1}"#] {
        assert!(matches!(identify(r#"{"sub": "1"}"#, 200, info), Err(Failure::Unexpected(_))), "{info}");
    }
    for claims in ["{}", "[]", "", r#"{"sub": ""}"#] {
        assert!(matches!(identify(claims, 404, ""), Err(Failure::Unexpected(_))), "{claims}");
    }
}

#[test]
fn the_id_token_is_enough() {
    for (status, info) in [(404, ""), (200, "eyJhbGciOiJ..."), (403, "{}")] {
        let person = identify(r#"{"sub": "1", "nickname": "nelly"}"#, status, info).unwrap();
        assert_eq!((person.subject.as_str(), person.username.as_str()), ("1", "nelly"), "{info}");
    }
}

#[test]
fn nobody_is_called_by_their_address() {
    let person = identify(r#"{"sub": "1", "preferred_username": "nelly@example.com", "name": "nelly@example.com"}"#, 404, "").unwrap();
    assert_eq!((person.username.as_str(), person.display_name), ("nelly", None));
}

#[test]
fn the_claim_of_the_user_name_can_be_chosen() {
    let claims = Claims::of(&profile(r#"{"sub": "1", "login": "nn", "preferred_username": "nelly"}"#, 404, "")).unwrap();
    assert_eq!(identity(&claims, &["handle".to_owned(), "login".to_owned()]).unwrap().username, "nn");
    assert_eq!(identity(&claims, &["handle".to_owned()]).unwrap().username, "");
}

#[test]
fn only_verified_addresses_of_the_domains_are_let_in() {
    let domains = ["corp.example".to_owned(), "@Other.example".to_owned()];
    let allowed = |email: &str, verified: bool| {
        let claims = format!(r#"{{"sub": "1", "email": "{email}", "email_verified": {verified}}}"#);
        check_domain(identify(&claims, 404, "").unwrap().email.as_ref(), Some(&domains)).is_ok()
    };
    assert!(allowed("n@corp.example", true) && allowed("n@other.EXAMPLE", true));
    assert!(!allowed("n@corp.example", false) && !allowed("n@evil-corp.example", true) && !allowed("n@corp.example@evil.example", true));
    assert!(check_domain(None, Some(&domains)).is_err() && check_domain(None, None).is_ok());
}

#[test]
fn there_may_be_no_userinfo_endpoint() {
    assert!(matches!(sources(None, None).unwrap()[..], [Source::Userinfo]));
    assert!(matches!(&sources(Some("false"), Some("https://x".to_owned())).unwrap()[..], [Source::Url(address)] if address == "https://x"));
    assert!(sources(Some("false"), None).unwrap().is_empty());
    sources(Some("off"), None).unwrap_err();
    let alone = Profile { claims: Some(r#"{"sub": "1"}"#.to_owned()), scopes: Vec::new(), documents: Vec::new() };
    assert_eq!(OpenId::identify(alone).unwrap().subject, "1");
}
