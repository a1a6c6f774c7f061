//! A redirect provider that answers what it is told to: `authorization` by its settings, `identify` by the granted scopes, each
//! of which is a `key=value`.

#[path = "../../misbehaving/src/deeds.rs"]
#[allow(clippy::disallowed_methods, reason = "that is what it is for")]
mod deeds;

use openclaw_sdk::{
    ClientAuthentication, Email, Endpoints, Failure, Flow, Identity, OAuthProvider, Parameter, Profile, Server, Site, Source, settings,
};

struct Obedient;

impl OAuthProvider for Obedient {
    fn authorization(site: Site) -> Result<Flow, String> {
        deeds::act(&settings::get_or("act", ""));
        if let Some(sentence) = settings::get("sentence") {
            return Err(sentence);
        }
        let told = |key: &str, or: &str| settings::get(key).unwrap_or_else(|| or.to_owned());
        let endpoints =
            || Endpoints { authorize: told("authorize", "https://id.example/authorize"), token: told("token", "https://id.example/token") };
        Ok(Flow {
            name: told("name", &format!("{} at {}", site.name, site.url)),
            server: settings::get("issued_by").map_or_else(|| Server::Endpoints(endpoints()), Server::Issuer),
            scopes: list("scopes").unwrap_or_else(|| vec!["profile".to_owned()]),
            parameters: list("parameters").unwrap_or_default().iter().map(|text| parameter(text)).collect(),
            client_authentication: ClientAuthentication::Basic,
            sources: list("sources").unwrap_or_else(|| vec!["https://id.example/me".to_owned()]).into_iter().map(source).collect(),
            user_agent: settings::get("user_agent"),
        })
    }

    fn identify(profile: Profile) -> Result<Identity, Failure> {
        let told = |key: &str| profile.scopes.iter().find_map(|scope| Some(scope.strip_prefix(key)?.strip_prefix('=')?.to_owned()));
        deeds::act(&told("act").unwrap_or_default());
        if let Some(sentence) = told("unexpected") {
            return Err(Failure::Unexpected(sentence));
        }
        if let Some(sentence) = told("refused") {
            return Err(Failure::Refused(sentence));
        }
        Ok(Identity {
            subject: told("subject").unwrap_or_else(|| "1".to_owned()),
            username: told("username").unwrap_or_else(|| "Someone".to_owned()),
            display_name: told("display_name"),
            avatar: told("avatar"),
            email: told("email").map(|address| Email { address, verified: told("verified").is_some() }),
        })
    }
}

/// The parts of a setting, between which there is a bar.
fn list(key: &str) -> Option<Vec<String>> {
    settings::get(key).map(|value| value.split('|').map(ToOwned::to_owned).collect())
}

fn parameter(text: &str) -> Parameter {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Parameter { name: name.to_owned(), value: value.to_owned() }
}

fn source(text: String) -> Source {
    if text == "userinfo" { Source::Userinfo } else { Source::Url(text) }
}

openclaw_sdk::export_oauth_provider!(Obedient);
