//! Sign-in with Discord. Discord is an OAuth 2.0 server; the person is read from its API.

use openclaw_sdk::{
    ClientAuthentication, Email, Endpoints, Failure, Flow, Identity, OAuthProvider, Profile, Server, Site, Source, read_json, settings,
};
use serde::Deserialize;

struct Discord;

/// The parts of Discord's user object that are of use. Those about the address are there if the person let them be seen.
#[derive(Deserialize)]
struct User {
    id: String,
    username: String,
    global_name: Option<String>,
    avatar: Option<String>,
    email: Option<String>,
    verified: Option<bool>,
}

impl OAuthProvider for Discord {
    fn authorization(_: Site) -> Result<Flow, String> {
        Ok(Flow {
            name: "Discord".to_owned(),
            server: Server::Endpoints(Endpoints {
                authorize: settings::get_or("authorize_url", "https://discord.com/oauth2/authorize"),
                token: settings::get_or("token_url", "https://discord.com/api/oauth2/token"),
            }),
            scopes: settings::words("scopes").unwrap_or_else(|| vec!["identify".to_owned(), "email".to_owned()]),
            parameters: Vec::new(),
            client_authentication: ClientAuthentication::Post,
            sources: vec![Source::Url(settings::get_or("api_url", "https://discord.com/api/v10/users/@me"))],
            user_agent: None,
        })
    }

    fn identify(profile: Profile) -> Result<Identity, Failure> {
        read_json(profile.documents.first()).map(User::into_identity)
    }
}

impl User {
    fn into_identity(self) -> Identity {
        let verified = self.verified == Some(true);
        Identity {
            avatar: self.avatar.as_deref().filter(|hash| is_plain(hash)).map(|hash| self.picture(hash)),
            email: self.email.map(|address| Email { address, verified }),
            subject: self.id,
            username: self.username,
            display_name: self.global_name,
        }
    }

    fn picture(&self, hash: &str) -> String {
        format!("https://cdn.discordapp.com/avatars/{}/{hash}.png?size=128", self.id)
    }
}

/// Whether the text can be part of an address as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

openclaw_sdk::export_oauth_provider!(Discord);

#[cfg(test)]
mod tests;
