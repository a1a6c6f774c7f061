//! Redirect providers: what they may answer, and what becomes of it.

use community::{
    config::PluginSection,
    plugins::{Document, Failure, Identity, OAuthProvider, PluginKind, Profile, Server, Source, Subject, Unavailable},
};

use super::support::{load, section, unhurried};

/// A section for the guest that answers what its settings say.
fn obedient(settings: &[(&str, &str)]) -> PluginSection {
    let mut section = PluginSection { allow_hosts: vec!["id.example".into()], ..section("obedient") };
    for (key, value) in [("client_id", "the-client")].iter().chain(settings) {
        section.settings.insert((*key).to_owned(), (*value).to_owned());
    }
    section
}

async fn load_one(section: PluginSection) -> Result<OAuthProvider, Unavailable> {
    load([("there", section)]).await.oauth("there")
}

/// Why the plugin does not run, without its name.
async fn refusal(section: PluginSection) -> String {
    let unavailable = load_one(section).await.map(|_| ()).expect_err("the plugin is refused");
    let reason = unavailable.reason.strip_prefix("plugin `there` ").expect("the plugin is named").to_owned();
    assert!(!reason.contains('\n') && reason.len() < 700, "{reason}");
    reason
}

/// What `identify` makes of somebody of whom this is said.
async fn identify(provider: &OAuthProvider, said: &[&str]) -> Result<Result<Identity, Failure>, Unavailable> {
    let scopes = said.iter().map(|&text| text.to_owned()).collect();
    provider.identify(Profile { claims: None, scopes, documents: vec![Document { status: 200, body: b"{}".into() }] }).await
}

async fn identity(provider: &OAuthProvider, said: &[&str]) -> Identity {
    identify(provider, said).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_flow_is_asked_for_once_and_kept() {
    let section = obedient(&[("client_secret", "hunter2"), ("parameters", "prompt=none|x="), ("user_agent", "web:x:v1 (me)")]);
    let plugins = load([("there", section)]).await;
    let provider = plugins.oauth("there").unwrap();
    let flow = provider.flow();
    assert_eq!(flow.name, "Example at https://community.example");
    let Server::Endpoints { authorize, token } = &flow.server else { panic!("{flow:?}") };
    assert_eq!((authorize.as_str(), token.as_str()), ("https://id.example/authorize", "https://id.example/token"));
    assert_eq!(flow.parameters, [("prompt".into(), "none".into()), ("x".into(), String::new())]);
    assert_eq!(flow.sources, [Source::Url("https://id.example/me".parse().unwrap())]);
    assert_eq!((flow.scopes.as_slice(), flow.user_agent.as_deref()), (&["profile".to_owned()][..], Some("web:x:v1 (me)")));
    assert_eq!((provider.id(), provider.client_id()), ("there", "the-client"));
    assert_eq!(provider.client_secret().unwrap().expose(), "hunter2");
    provider.allow_list().check(token).unwrap();
    assert_eq!(identity(&provider, &[]).await.subject, Subject("1".into()));
    let status = plugins.status().into_iter().find(|status| status.id == "there").unwrap();
    assert_eq!((status.kind, status.on, status.counts.calls), (Some(PluginKind::OAuthProvider), true, 2));
    let reason = plugins.password("there").map(|_| ()).unwrap_err().reason;
    assert_eq!(reason, "plugin `there` takes no passwords: people sign in at another site");
    assert!(plugins.oauth("email").is_err() && plugins.oauth("nobody").is_err());
}

#[tokio::test]
async fn p25_nobody_is_sent_where_the_operator_does_not_allow() {
    let addresses = [
        "https://evil.example/authorize",
        "https://id.example.evil.example/authorize",
        "https://id.example@evil.example/authorize",
        "https://someone@id.example/authorize",
        "https://id.example:8443/authorize",
        "http://id.example/authorize",
        "https://127.0.0.1/authorize",
        "https://[::1]/authorize",
        "https://localhost/authorize",
        "//evil.example/authorize",
        "/authorize",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://id.example/authorize#fragment",
        "https://id.example/author\nize",
        " https://id.example/authorize",
        "https://id.example/authorize\u{202e}",
        "",
    ];
    for address in addresses {
        for key in ["authorize", "token", "issued_by", "sources"] {
            let reason = refusal(obedient(&[(key, address)])).await;
            assert!(reason.starts_with("answered with an ") && reason.ends_with("in `authorization`"), "{key} {address:?}: {reason}");
        }
    }
    let long = format!("https://id.example/{}", "x".repeat(1 << 16));
    assert!(refusal(obedient(&[("authorize", &long)])).await.contains("at most 2048 bytes"));
}

#[tokio::test]
async fn p25_what_the_host_sets_itself_cannot_be_set_by_a_provider() {
    for name in ["client_id", "redirect_uri", "state", "STATE", "nonce", "scope", "code_challenge", "response_mode", "request_uri"] {
        let reason = refusal(obedient(&[("parameters", &format!("prompt=none|{name}=x"))])).await;
        assert!(reason.contains(&format!("the parameter `{name}`, which the host sets itself")), "{reason}");
        let address = format!("https://id.example/authorize?prompt=none&{name}=x");
        let reason = refusal(obedient(&[("authorize", &address)])).await;
        assert!(reason.contains(&format!("sets `{name}`, which the host sets itself")), "{reason}");
    }
    let encoded = refusal(obedient(&[("authorize", "https://id.example/authorize?%73tate=x")])).await;
    assert!(encoded.contains("sets `state`"), "{encoded}");
}

#[tokio::test]
async fn p25_flows_that_cannot_be_used_are_refused() {
    let many = |what: &str, count: usize| vec![what; count].join("|");
    let cases = [
        ("name", String::new(), "a name"),
        ("name", "x".repeat(65), "a name"),
        ("name", "Disc\u{202e}ord".into(), "a name"),
        ("name", " x".into(), "a name"),
        ("scopes", "two words".into(), "scopes"),
        ("scopes", "a||b".into(), "scopes"),
        ("scopes", "quo\"te".into(), "scopes"),
        ("scopes", "ünicode".into(), "scopes"),
        ("scopes", many("x", 33), "scopes"),
        ("parameters", many("x=y", 17), "parameters"),
        ("parameters", "=y".into(), "parameters"),
        ("parameters", "x=a\r\nSet-Cookie: b".into(), "parameters"),
        ("parameters", format!("x={}", "y".repeat(1025)), "parameters"),
        ("sources", many("https://id.example/me", 5), "sources"),
        ("sources", "userinfo".into(), "only OpenID providers"),
        ("user_agent", String::new(), "user agent"),
        ("user_agent", "x\r\nCookie: a=b".into(), "user agent"),
        ("user_agent", "x".repeat(257), "user agent"),
    ];
    for (key, value, what) in cases {
        let reason = refusal(obedient(&[(key, &value)])).await;
        assert!(reason.starts_with("answered with ") && reason.contains(what), "{key} {value:?}: {reason}");
    }
}

#[tokio::test]
async fn p25_a_provider_that_breaks_down_at_the_start_is_off() {
    for (act, what) in [("loop", "used up its 250ms of CPU time in `authorization`"), ("trap", "broke down"), ("panic", "broke down")] {
        assert!(refusal(unhurried(obedient(&[("act", act)]))).await.starts_with(what), "{act}");
    }
    let reason = refusal(obedient(&[("sentence", "set `tenant`,\nplease\u{202e}")])).await;
    assert_eq!(reason, "is not set up: set `tenant`, please");
}

#[tokio::test]
async fn p25_hosts_among_the_settings_count_as_allowed() {
    let mut section = obedient(&[("authorize_url", "https://other.example/a"), ("authorize", "https://other.example/b")]);
    load_one(section.clone()).await.unwrap();
    section.settings.insert("token".into(), "https://other.example:8443/b".into());
    assert!(refusal(section.clone()).await.contains("address for tokens that is not allowed"));
    section.settings.insert("token_url".into(), "https://other.example:8443".into());
    load_one(section.clone()).await.unwrap();
    section.settings.insert("api_url".into(), "other.example".into());
    assert_eq!(refusal(section).await, "has a setting api_url that is not a web address: write it like https://example.com/path");

    let mut private = obedient(&[("token_url", "http://127.0.0.1:4711/"), ("token", "http://127.0.0.1:4711/token")]);
    assert!(refusal(private.clone()).await.contains("allow_private = true permits that"), "to be written is not enough");
    private.allow_private = true;
    load_one(private).await.unwrap();
    let wrong = PluginSection { allow_hosts: vec!["https://id.example/".into()], ..obedient(&[]) };
    assert!(refusal(wrong).await.starts_with("has hosts that cannot be used"));
}

#[tokio::test]
async fn p24_bad_subjects_are_a_failed_call() {
    let provider = load_one(obedient(&[])).await.unwrap();
    let long = format!("subject={}", "x".repeat(256));
    let huge = format!("subject={}", "x".repeat(1 << 20));
    for subject in ["subject=", "subject= 1", "subject=a\nb", "subject=a\u{202e}b", "subject=\u{200b}", &long, &huge] {
        let reason = identify(&provider, &[subject]).await.unwrap_err().reason;
        assert!(reason.contains("a subject that is empty, longer") && reason.ends_with("in `identify`"), "{reason}");
    }
    for subject in ["email", "discord:1", "https://id.example/users/1", &"x".repeat(255)] {
        assert_eq!(identity(&provider, &[&format!("subject={subject}")]).await.subject.0, subject, "it is one of this provider's own");
    }
    for act in ["act=loop", "act=trap"] {
        identify(&provider, &[act]).await.unwrap_err();
    }
    identity(&provider, &[]).await;
}

#[tokio::test]
async fn p24_names_from_other_sites_are_made_fit() {
    let provider = load_one(obedient(&[])).await.unwrap();
    let cases = [
        ("Nelly", "Nelly"),
        ("  Nelly \t\r\n N. ", "Nelly N."),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("evil\u{202e}gpj.exe", "evilgpj.exe"),
        ("zero\u{200b}\u{feff}width\u{2066}", "zerowidth"),
        ("a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}b", "a\u{301}\u{301}\u{301}\u{301}b"),
        ("\u{1b}[31mred", "[31mred"),
        ("", "member"),
        (" \u{3164}\u{200d}\n", "member"),
        ("System", "member"),
        ("ｏｐｅｎｃｌａｗ", "member"),
        ("bot:helper", "member"),
        ("b\u{200b}ot:helper", "member"),
    ];
    for (name, expected) in cases {
        assert_eq!(identity(&provider, &[&format!("username={name}")]).await.username, expected, "{name:?}");
    }
    let long = identity(&provider, &[&format!("username={}", "ж ".repeat(2048))]).await.username;
    assert_eq!((long.chars().count(), long.trim()), (63, long.as_str()));
    let shown = identity(&provider, &["username=\u{200b}", "display_name=Nelly\u{202e} N."]).await;
    assert_eq!((shown.username.as_str(), shown.display_name.as_deref()), ("Nelly N.", Some("Nelly N.")));
    assert_eq!(identity(&provider, &["display_name=\u{200b}"]).await.display_name, None);
}

#[tokio::test]
async fn pictures_and_addresses_that_are_unfit_are_left_out() {
    let provider = load_one(obedient(&[])).await.unwrap();
    let good = "https://cdn.example/a/1.png?size=128";
    assert_eq!(identity(&provider, &[&format!("avatar={good}")]).await.avatar.as_deref(), Some(good));
    let long = format!("https://cdn.example/{}", "x".repeat(2048));
    for avatar in
        ["", "http://cdn.example/a.png", "javascript:alert(1)", "https://a@cdn.example/a.png", "https://cdn.example/\"><script>", &long]
    {
        assert_eq!(identity(&provider, &[&format!("avatar={avatar}")]).await.avatar, None, "{avatar}");
    }
    let email = identity(&provider, &["email=Nelly@example.com", "verified="]).await.email.unwrap();
    assert_eq!((email.address.as_str(), email.verified), ("Nelly@example.com", true));
    assert!(!identity(&provider, &["email=nelly@example.com"]).await.email.unwrap().verified);
    for address in ["", "nelly", "a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com", "ж@example.com"] {
        assert_eq!(identity(&provider, &[&format!("email={address}")]).await.email, None, "{address}");
    }
}

#[tokio::test]
async fn failures_are_one_line_for_the_log() {
    let provider = load_one(obedient(&[])).await.unwrap();
    let refused = identify(&provider, &["refused=nobody\nlevel=error forged"]).await.unwrap();
    assert_eq!(refused, Err(Failure::Refused("nobody level=error forged".into())));
    let Err(Failure::Unexpected(long)) = identify(&provider, &[&format!("unexpected={}", "x".repeat(9999))]).await.unwrap() else {
        panic!()
    };
    assert_eq!(long.len(), 500);
}
