//! Sign-in with Reddit. Reddit is an OAuth 2.0 server that tells no address, and slows down whoever does not say who they are.

use openclaw_sdk::{
    ClientAuthentication, Endpoints, Failure, Flow, Identity, OAuthProvider, Parameter, Profile, Server, Site, Source, read_json, settings,
};
use serde::Deserialize;

struct Reddit;

/// The parts of Reddit's account object that are of use.
#[derive(Deserialize)]
struct Account {
    id: String,
    name: String,
    #[serde(default)]
    is_suspended: bool,
    icon_img: Option<String>,
}

impl OAuthProvider for Reddit {
    fn authorization(site: Site) -> Result<Flow, String> {
        Ok(Flow {
            name: "Reddit".to_owned(),
            server: Server::Endpoints(Endpoints {
                authorize: settings::get_or("authorize_url", "https://www.reddit.com/api/v1/authorize"),
                token: settings::get_or("token_url", "https://www.reddit.com/api/v1/access_token"),
            }),
            scopes: vec!["identity".to_owned()],
            // A token for an hour is more than enough: it is used once.
            parameters: vec![Parameter { name: "duration".to_owned(), value: "temporary".to_owned() }],
            client_authentication: ClientAuthentication::Basic,
            // Without `raw_json` Reddit escapes texts for HTML.
            sources: vec![Source::Url(settings::get_or("api_url", "https://oauth.reddit.com/api/v1/me?raw_json=1"))],
            user_agent: Some(user_agent(&site.url, settings::get("reddit_username").as_deref())),
        })
    }

    fn identify(profile: Profile) -> Result<Identity, Failure> {
        let account: Account = read_json(profile.documents.first())?;
        if account.is_suspended {
            return Err(Failure::Refused("the account is suspended at Reddit".to_owned()));
        }
        Ok(account.into_identity())
    }
}

impl Account {
    fn into_identity(self) -> Identity {
        // The full name of an account; the interface leaves the prefix out where the type is clear.
        let subject = if self.id.starts_with("t2_") { self.id } else { format!("t2_{}", self.id) };
        Identity { subject, username: self.name, display_name: None, avatar: self.icon_img, email: None }
    }
}

/// What Reddit asks for: platform, application, version, and whom to turn to.
fn user_agent(url: &str, username: Option<&str>) -> String {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    let version = env!("CARGO_PKG_VERSION");
    match username.map(|name| name.trim().trim_start_matches('/').trim_start_matches("u/")) {
        Some(name) if !name.is_empty() => format!("web:{host}:v{version} (by /u/{name}; {url})"),
        _ => format!("web:{host}:v{version} ({url})"),
    }
}

openclaw_sdk::export_oauth_provider!(Reddit);

#[cfg(test)]
mod tests;
