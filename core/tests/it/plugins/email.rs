//! The bundled email provider, called the way the server calls it.

use std::collections::BTreeMap;

use community::{
    config::PluginSection,
    error::{Error, Kind},
    plugins::{PluginKind, Refusal, Subject},
};

use super::support::{form, letter, load, load_in};

#[tokio::test]
async fn the_bundled_provider_is_on_without_a_section() {
    let plugins = load([]).await;
    let email = plugins.password("email").unwrap();
    let registration = email.check_registration(form("User@EXAMPLE.com", None)).await.unwrap().unwrap();
    assert_eq!(registration.subject, Subject("user@example.com".into()));
    assert_eq!((registration.address.as_str(), registration.username.as_str()), ("User@example.com", "User"));
    assert_eq!(email.check_login("USER@example.com").await.unwrap(), Ok(registration.subject));
    let refusal = Refusal { field: "login".into(), message: "Invalid email address.".into() };
    assert_eq!(email.check_registration(form("nobody", None)).await.unwrap(), Err(refusal));
}

#[tokio::test]
async fn the_bundled_provider_writes_both_mails() {
    let plugins = load([]).await;
    let email = plugins.password("email").unwrap();
    let mail = email.verification_mail(letter()).await.unwrap();
    assert_eq!(mail.subject, "Confirm your email address for Example");
    assert!(mail.text.contains("https://x.example/?token=a") && mail.html.contains("https://x.example/?token=a"));
    assert_eq!(email.reset_mail(letter()).await.unwrap().subject, "Choose a new password for Example");
}

#[tokio::test]
async fn the_bundled_provider_writes_in_the_language_of_the_community() {
    let german = PluginSection { settings: BTreeMap::from([("language".to_owned(), "de".to_owned())]), ..PluginSection::default() };
    let plugins = load([("email", german)]).await;
    let mail = plugins.password("email").unwrap().verification_mail(letter()).await.unwrap();
    assert_eq!(mail.subject, "Bestätige deine E-Mail-Adresse für Example");
    let status = plugins.status().into_iter().find(|status| status.id == "email").unwrap();
    assert!(status.unread.is_empty(), "{:?}", status.unread);
}

#[tokio::test]
async fn a_provider_that_is_off_says_so_and_costs_a_503() {
    let off = PluginSection { enabled: Some(false), ..PluginSection::default() };
    let plugins = load([("email", off)]).await;
    let unavailable = plugins.password("email").map(|_| ()).unwrap_err();
    assert_eq!(unavailable.reason, "plugin `email` is switched off: set `enabled = true` in its section to use it");
    let error = Error::from(unavailable);
    assert_eq!((error.kind, error.code), (Kind::Unavailable, "provider_unavailable"));
    assert!(plugins.password("nobody").is_err());
}

#[tokio::test]
async fn status_tells_what_each_plugin_is_and_may_do() {
    let data = tempfile::tempdir().unwrap();
    let plugins = load_in(data.path(), [("nobody", PluginSection::default())]).await;
    plugins.password("email").unwrap().check_login("x").await.unwrap().unwrap_err();
    let status: BTreeMap<_, _> = plugins.status().into_iter().map(|status| (status.id.clone(), status)).collect();
    let email = &status["email"];
    assert_eq!((email.kind, email.on, email.counts.calls, email.counts.failures), (Some(PluginKind::PasswordProvider), true, 1, 0));
    assert!(!email.imports.iter().any(|words| words.contains("files")), "{:?}", email.imports);
    let nobody = status["nobody"].reason.clone().unwrap();
    assert!(nobody.starts_with("plugin `nobody` has no `component`"), "{nobody}");
    let cache = data.path().join("cache/wasm");
    assert!(std::fs::read_dir(&cache).unwrap().next().is_some(), "compiled code is kept");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(cache.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
