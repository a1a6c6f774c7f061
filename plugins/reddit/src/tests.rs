use openclaw_sdk::{Document, Failure, Identity, OAuthProvider, Profile};

use super::{Reddit, user_agent};

fn identify(status: u16, body: &str) -> Result<Identity, Failure> {
    let documents = vec![Document { status, body: body.into() }];
    Reddit::identify(Profile { claims: None, scopes: Vec::new(), documents })
}

#[test]
fn a_person_is_who_the_id_says_and_has_no_address() {
    let identity =
        identify(200, r#"{"id": "1abc", "name": "Nelly_N", "icon_img": "https://styles.redditmedia.com/a?s=1&b=2", "x": []}"#).unwrap();
    assert_eq!((identity.subject.as_str(), identity.username.as_str()), ("t2_1abc", "Nelly_N"));
    assert_eq!(identity.avatar.as_deref(), Some("https://styles.redditmedia.com/a?s=1&b=2"));
    assert!(identity.email.is_none() && identity.display_name.is_none());
    assert_eq!(identify(200, r#"{"id": "t2_1abc", "name": "Nelly_N"}"#).unwrap().subject, "t2_1abc");
}

#[test]
fn whoever_is_suspended_is_refused() {
    assert!(matches!(identify(200, r#"{"id": "1abc", "name": "Nelly_N", "is_suspended": true}"#), Err(Failure::Refused(_))));
}

#[test]
fn anything_else_is_unexpected() {
    for (status, body) in [(429, r#"{"message": "Too Many Requests", "error": 429}"#), (200, ""), (200, r#"{"name": "Nelly_N"}"#)] {
        assert!(matches!(identify(status, body), Err(Failure::Unexpected(_))), "{body}");
    }
}

#[test]
fn the_user_agent_has_the_form_that_reddit_asks_for() {
    let version = env!("CARGO_PKG_VERSION");
    let url = "https://community.example";
    assert_eq!(user_agent(url, None), format!("web:community.example:v{version} (https://community.example)"));
    for name in ["nelly", "u/nelly", "/u/nelly "] {
        assert_eq!(user_agent(url, Some(name)), format!("web:community.example:v{version} (by /u/nelly; https://community.example)"));
    }
}
