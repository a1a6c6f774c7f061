//! Sign in with GitHub, or with a GitHub Enterprise server that the settings name.

use openclaw_sdk::{
    ClientAuthentication, Email, Endpoints, Failure, Flow, Identity, OAuthProvider, Profile, Server, Site, Source, read_json, settings,
};
use serde::Deserialize;

struct GitHub;

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl OAuthProvider for GitHub {
    fn authorization(_: Site) -> Result<Flow, String> {
        let api = settings::get_or("api_url", "https://api.github.com/user");
        Ok(Flow {
            name: "GitHub".to_owned(),
            server: Server::Endpoints(Endpoints {
                authorize: settings::get_or("authorize_url", "https://github.com/login/oauth/authorize"),
                token: settings::get_or("token_url", "https://github.com/login/oauth/access_token"),
            }),
            scopes: vec!["user:email".to_owned()],
            parameters: Vec::new(),
            client_authentication: ClientAuthentication::Post,
            sources: vec![Source::Url(api.clone()), Source::Url(format!("{api}/emails"))],
            user_agent: None,
        })
    }

    fn identify(profile: Profile) -> Result<Identity, Failure> {
        let user: User = read_json(profile.documents.first())?;
        // People may keep their addresses to themselves; then this document is an error message.
        let addresses: Vec<Address> = read_json(profile.documents.get(1)).unwrap_or_default();
        let primary = addresses.into_iter().find(|address| address.primary);
        Ok(Identity {
            // Logins change hands, ids do not.
            subject: user.id.to_string(),
            username: user.login,
            display_name: user.name,
            avatar: user.avatar_url,
            email: primary.map(|address| Email { address: address.email, verified: address.verified }),
        })
    }
}

openclaw_sdk::export_oauth_provider!(GitHub);
