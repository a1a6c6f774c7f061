//! The bundled redirect providers, and what becomes of those that are not set up.

use std::collections::BTreeMap;

use community::{
    config::PluginSection,
    error::Error,
    plugins::{ClientAuthentication, Document, Identity, OAuthProvider, PluginKind, PluginStatus, Profile, ProviderStatus, Server, Source},
};

use super::support::{built, load, misbehaving};

fn section(settings: &[(&str, &str)]) -> PluginSection {
    let settings = settings.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    PluginSection { settings, ..PluginSection::default() }
}

const CLIENT: [(&str, &str); 2] = [("client_id", "id"), ("client_secret", "secret")];

async fn identify(provider: &OAuthProvider, claims: Option<&str>, body: &str) -> Identity {
    let documents = vec![Document { status: 200, body: body.into() }];
    provider.identify(Profile { claims: claims.map(ToOwned::to_owned), scopes: Vec::new(), documents }).await.unwrap().unwrap()
}

#[tokio::test]
async fn discord_and_reddit_are_listed_and_say_what_is_missing() {
    let plugins = load([("reddit", section(&CLIENT[..1]))]).await;
    let statuses: BTreeMap<_, PluginStatus> = plugins.status().into_iter().map(|status| (status.id.clone(), status)).collect();
    let reason = "plugin `discord` is not set up: set DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET";
    let discord = &statuses["discord"];
    assert_eq!((discord.kind, discord.on, discord.reason.as_deref()), (Some(PluginKind::OAuthProvider), false, Some(reason)));
    assert_eq!(statuses["reddit"].reason.as_deref(), Some("plugin `reddit` is not set up: set REDDIT_CLIENT_SECRET"));
    let error = Error::from(plugins.oauth("discord").map(|_| ()).unwrap_err());
    assert_eq!(error.code, "provider_unavailable");
    assert_eq!(
        error.message,
        "Signing in with Discord is not set up on this server: its operator has to set DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET."
    );
    let providers: Vec<_> = plugins.providers().into_iter().map(|it| (it.id, it.name, it.reason.is_none())).collect();
    let expected = [("discord", "Discord", false), ("email", "Email", true), ("reddit", "Reddit", false)];
    assert_eq!(providers, expected.map(|(id, name, on)| (id.to_owned(), name.to_owned(), on)));
}

#[tokio::test]
async fn other_providers_name_the_setting_that_is_missing() {
    let oidc = PluginSection { component: Some("bundled:oidc".into()), ..section(&[("client_id", " ")]) };
    let plugins = load([("company", oidc.clone()), ("oidc", section(&[("client_id", "x")]))]).await;
    let reason = |id: &str| plugins.oauth(id).map(|_| ()).unwrap_err().reason;
    assert_eq!(reason("company"), "plugin `company` is not set up: set [plugins.company.settings] client_id");
    assert!(reason("oidc").starts_with("plugin `oidc` is not set up: set `issuer`"), "{}", reason("oidc"));
    let odd = load([("oidc", section(&[("client_id", "i\nd")]))]).await.oauth("oidc").map(|_| ()).unwrap_err();
    assert!(odd.reason.starts_with("plugin `oidc` has a client_id that is"), "{odd}");
    assert_eq!(odd.message, None);
}

#[tokio::test]
async fn a_credential_whose_variable_is_not_set_is_named_and_not_left_out() {
    let unset = |section: PluginSection, written: &[(&str, &str)]| PluginSection {
        unset: written.iter().map(|&(key, variable)| (key.to_owned(), variable.to_owned())).collect(),
        ..section
    };
    let settings = [("issuer", "https://id.example"), ("client_id", "x")];
    let oidc = PluginSection { component: Some("bundled:oidc".into()), ..section(&settings) };
    let plugins = load([
        ("public", oidc.clone()),
        ("company", unset(oidc, &[("client_secret", "COMPANY_CLIENT_SECRET")])),
        ("discord", unset(section(&[]), &[("client_id", "OUR_ID"), ("client_secret", "OUR_SECRET")])),
        ("reddit", unset(section(&[]), &[("client_id", "OUR_ID")])),
    ])
    .await;
    let off = |id: &str| plugins.oauth(id).map(|_| ()).unwrap_err();
    assert!(plugins.oauth("public").unwrap().client_secret().is_none(), "to have no secret takes not writing one");
    assert_eq!(off("company").reason, "plugin `company` is not set up: set COMPANY_CLIENT_SECRET");
    assert_eq!(off("discord").reason, "plugin `discord` is not set up: set OUR_ID and OUR_SECRET");
    assert_eq!(off("reddit").reason, "plugin `reddit` is not set up: set OUR_ID and REDDIT_CLIENT_SECRET");
    // The names that an operator chose are nobody else's business.
    assert!(off("company").message().ends_with("has to set [plugins.company.settings] client_secret."), "{}", off("company").message());
}

#[tokio::test]
async fn a_rule_whose_variable_is_not_set_is_named_and_not_left_out() {
    let unset = |key: &str, variable: &str| PluginSection {
        unset: [(key.to_owned(), variable.to_owned())].into(),
        ..section(&[("anything", "else")])
    };
    let plugins = load([("moderator", unset("words", "BAD_WORDS")), ("email", unset("domains", "OUR_DOMAINS"))]).await;
    let moderator = plugins.status().into_iter().find(|status| status.id == "moderator").unwrap();
    assert!(!moderator.on, "without its words it would let everything pass");
    assert_eq!(moderator.reason.as_deref(), Some("plugin `moderator` is not set up: set BAD_WORDS, or remove `words` from its settings"));
    let email = plugins.password("email").map(|_| ()).unwrap_err();
    assert_eq!(email.reason, "plugin `email` is not set up: set OUR_DOMAINS, or remove `domains` from its settings");
    assert_eq!(email.message(), "Signing in with Email is not set up on this server.");
}

#[tokio::test]
async fn p24_a_redirect_provider_does_not_get_the_identities_of_password_accounts() {
    let settings = [("issuer", "https://id.example"), ("client_id", "x")];
    let plugins = load([("email", PluginSection { component: Some("bundled:oidc".into()), ..section(&settings) })]).await;
    let reason = "plugin `email` sends people to another site, but `email` stands for accounts with passwords: rename its section";
    assert_eq!(plugins.oauth("email").map(|_| ()).unwrap_err().reason, reason);
    assert_eq!(plugins.password("email").map(|_| ()).unwrap_err().reason, reason);
}

#[tokio::test]
async fn a_provider_that_is_switched_off_says_so() {
    let off = PluginSection { enabled: Some(false), ..section(&CLIENT) };
    let plugins = load([("discord", off)]).await;
    let unavailable = plugins.oauth("discord").map(|_| ()).unwrap_err();
    assert_eq!(unavailable.reason, "plugin `discord` is switched off: set `enabled = true` in its section to use it");
    assert_eq!(unavailable.message(), "Signing in with Discord is switched off on this server.");
}

#[tokio::test]
async fn a_password_provider_without_routes_says_so() {
    let plugins = load([("staff", misbehaving(""))]).await;
    let status = plugins.status().into_iter().find(|status| status.id == "staff").unwrap();
    assert!(status.on && status.reason.unwrap().contains("nobody can sign in with it"));
    let ProviderStatus { kind, reason, .. } = plugins.providers().into_iter().find(|provider| provider.id == "staff").unwrap();
    assert_eq!((kind, reason.as_deref()), (PluginKind::PasswordProvider, Some("Nobody can sign in here.")));
}

#[tokio::test]
async fn discord_is_on_with_its_client() {
    let discord = load([("discord", section(&CLIENT))]).await.oauth("discord").unwrap();
    let flow = discord.flow();
    let Server::Endpoints { authorize, token } = &flow.server else { panic!("{flow:?}") };
    assert_eq!(authorize.as_str(), "https://discord.com/oauth2/authorize");
    assert_eq!(token.as_str(), "https://discord.com/api/oauth2/token");
    assert_eq!((flow.name.as_str(), flow.scopes.join(" ").as_str()), ("Discord", "identify email"));
    assert_eq!(flow.client_authentication, ClientAuthentication::Post);
    assert_eq!(flow.sources, [Source::Url("https://discord.com/api/v10/users/@me".parse().unwrap())]);
    let person = identify(&discord, None, r#"{"id": "8035", "username": "nelly", "global_name": "Nelly", "avatar": null}"#).await;
    assert_eq!((person.subject.0.as_str(), person.username.as_str(), person.display_name.as_deref()), ("8035", "nelly", Some("Nelly")));
    assert_eq!(person.email, None);
}

#[tokio::test]
async fn reddit_is_on_with_its_client() {
    let reddit = load([("reddit", section(&CLIENT))]).await.oauth("reddit").unwrap();
    let flow = reddit.flow();
    assert_eq!((flow.name.as_str(), flow.client_authentication), ("Reddit", ClientAuthentication::Basic));
    assert_eq!(flow.parameters, [("duration".to_owned(), "temporary".to_owned())]);
    let user_agent = flow.user_agent.as_deref().unwrap();
    assert!(user_agent.starts_with("web:community.example:v") && user_agent.ends_with("(https://community.example)"), "{user_agent}");
    let person = identify(&reddit, None, r#"{"id": "1abc", "name": "Nelly_N", "icon_img": ""}"#).await;
    assert_eq!((person.subject.0.as_str(), person.username.as_str(), person.avatar), ("t2_1abc", "Nelly_N", None));
}

#[tokio::test]
async fn bundled_providers_can_be_pointed_elsewhere() {
    let urls = [("authorize_url", "http://127.0.0.1:1/a"), ("token_url", "http://127.0.0.1:1/t"), ("api_url", "http://127.0.0.1:2/me")];
    for id in ["discord", "reddit"] {
        let section = PluginSection { allow_private: true, ..section(&[&CLIENT[..], &urls].concat()) };
        let provider = load([(id, section)]).await.oauth(id).unwrap();
        let Server::Endpoints { authorize, token } = &provider.flow().server else { panic!("{id}") };
        assert_eq!((authorize.as_str(), token.as_str()), (urls[0].1, urls[1].1));
        assert_eq!(provider.flow().sources, [Source::Url(urls[2].1.parse().unwrap())]);
    }
}

#[tokio::test]
async fn several_openid_providers_serve_side_by_side() {
    let of = |name: &str, issuer: &str| {
        let settings = [("client_id", "x"), ("name", name), ("issuer", issuer), ("prompt", "login"), ("allowed_domains", "corp.example")];
        PluginSection { component: Some("bundled:oidc".into()), ..section(&settings) }
    };
    let plugins = load([("red", of("Red", "https://red.example/realm/")), ("blue", of("Blue", "https://blue.example"))]).await;
    let (red, blue) = (plugins.oauth("red").unwrap(), plugins.oauth("blue").unwrap());
    let Server::Issuer { name, .. } = &red.flow().server else { panic!() };
    assert_eq!(name, "https://red.example/realm/", "to the letter");
    assert!(matches!(&blue.flow().server, Server::Issuer { name, .. } if name == "https://blue.example"));
    assert_eq!((red.flow().name.as_str(), red.flow().scopes.join(" ").as_str()), ("Red", "openid profile email"));
    assert_eq!((&red.flow().sources[..], blue.client_secret().is_none()), (&[Source::UserInfo][..], true));
    assert!(red.allow_list().check(&"https://blue.example/".parse().unwrap()).is_err(), "each has hosts of its own");

    let claims = r#"{"sub": "1", "preferred_username": "nelly", "email": "n@corp.example", "email_verified": true}"#;
    assert_eq!(identify(&red, Some(claims), r#"{"sub": "1"}"#).await.username, "nelly");
    let stranger = Profile { claims: Some(claims.replace("corp", "other")), scopes: Vec::new(), documents: Vec::new() };
    red.identify(stranger).await.unwrap().unwrap_err();
}

#[tokio::test]
async fn the_example_runs_as_its_readme_says() {
    let github = PluginSection {
        component: Some(built("github_provider").display().to_string()),
        dev: true,
        allow_hosts: vec!["github.com".into(), "api.github.com".into()],
        ..section(&CLIENT)
    };
    let plugins = load([("github", github.clone())]).await;
    let provider = plugins.oauth("github").unwrap();
    let documents = [
        r#"{"id": 583231, "login": "octocat", "name": "Mona", "avatar_url": "https://avatars.githubusercontent.com/u/583231"}"#,
        r#"[{"email": "old@example.com", "primary": false, "verified": true}, {"email": "mona@example.com", "primary": true, "verified": true}]"#,
    ];
    let documents = documents.map(|body| Document { status: 200, body: body.into() }).into();
    let identity = provider.identify(Profile { claims: None, scopes: Vec::new(), documents }).await.unwrap().unwrap();
    assert_eq!((identity.subject.0.as_str(), identity.username.as_str()), ("583231", "octocat"));
    assert_eq!(identity.email.unwrap().address, "mona@example.com");

    let unheard = load([("github", PluginSection { allow_hosts: Vec::new(), ..github })]).await.oauth("github").map(|_| ()).unwrap_err();
    assert!(unheard.reason.contains("github.com:443 is not among allow_hosts"), "{unheard}");
}

#[tokio::test]
async fn a_setting_that_nothing_reads_is_noticed_and_one_that_is_read_later_is_not() {
    let unread = async |id: &'static str, section: PluginSection| {
        load([(id, section)]).await.status().into_iter().find(|status| status.id == id).unwrap().unread
    };
    let with = |more: &[(&str, &str)]| section(&[&CLIENT[..], more].concat());
    assert_eq!(unread("discord", with(&[("token_url", "https://discord.com/t"), ("api_url", "https://discord.com/u")])).await, [""; 0]);
    let mistyped = unread("discord", with(&[("tokenurl", "https://discord.com/t")])).await;
    assert_eq!(mistyped, ["nothing reads its setting tokenurl; did you mean token_url?"]);
    let oidc = |key: &'static str| PluginSection {
        component: Some("bundled:oidc".into()),
        ..with(&[("issuer", "https://id.example"), (key, "corp.example")])
    };
    // Asked for only when somebody signs in.
    assert_eq!(unread("work", oidc("allowed_domains")).await, [""; 0]);
    assert_eq!(unread("work", oidc("allow_domains")).await.len(), 1, "or everybody would be let in unnoticed");
    assert_eq!(unread("email", section(&[("colour", "red")])).await, ["nothing reads its setting colour: correct it, or take it out"]);
}
