//! Sign-in with any OpenID provider, from its issuer alone.

mod claims;

use openclaw_sdk::{
    ClientAuthentication, Email, Failure, Flow, Identity, OAuthProvider, Parameter, Profile, Server, Site, Source, settings,
};

use crate::claims::Claims;

struct OpenId;

/// The claims that a user name is taken from, the first that is there.
const USERNAME_CLAIMS: [&str; 3] = ["preferred_username", "nickname", "name"];

impl OAuthProvider for OpenId {
    fn authorization(_: Site) -> Result<Flow, String> {
        let issuer = settings::get("issuer").filter(|issuer| !issuer.is_empty());
        let scopes = ["openid", "profile", "email"].map(ToOwned::to_owned).into();
        let prompt = settings::get("prompt").map(|value| Parameter { name: "prompt".to_owned(), value });
        Ok(Flow {
            name: settings::get_or("name", "OpenID"),
            server: Server::Issuer(issuer.ok_or("set `issuer` to the address of the OpenID provider, like \"https://id.example.com\"")?),
            scopes: settings::words("scopes").unwrap_or(scopes),
            parameters: prompt.into_iter().collect(),
            client_authentication: client_authentication(&settings::get_or("client_authentication", "basic"))?,
            sources: sources(settings::get("userinfo").as_deref(), settings::get("api_url"))?,
            user_agent: None,
        })
    }

    fn identify(profile: Profile) -> Result<Identity, Failure> {
        let claims = Claims::of(&profile)?;
        let username_claims = settings::words("username_claim").unwrap_or_else(|| USERNAME_CLAIMS.map(ToOwned::to_owned).into());
        let identity = identity(&claims, &username_claims)?;
        check_domain(identity.email.as_ref(), settings::words("allowed_domains").as_deref())?;
        Ok(identity)
    }
}

fn client_authentication(text: &str) -> Result<ClientAuthentication, String> {
    match text {
        "basic" => Ok(ClientAuthentication::Basic),
        "post" => Ok(ClientAuthentication::Post),
        _ => Err("set `client_authentication` to \"basic\" or \"post\"".to_owned()),
    }
}

/// Where to read what the ID token does not say. Few providers have no such place.
fn sources(userinfo: Option<&str>, api_url: Option<String>) -> Result<Vec<Source>, String> {
    match (api_url, userinfo) {
        (Some(address), _) => Ok(vec![Source::Url(address)]),
        (None, None | Some("true")) => Ok(vec![Source::Userinfo]),
        (None, Some("false")) => Ok(Vec::new()),
        _ => Err("set `userinfo` to true or false".to_owned()),
    }
}

fn identity(claims: &Claims, username_claims: &[String]) -> Result<Identity, Failure> {
    let subject = claims.text("sub").ok_or_else(|| Failure::Unexpected("the ID token does not say who it is about".to_owned()))?;
    let username = username_claims.iter().find_map(|name| claims.text(name)).unwrap_or_default();
    Ok(Identity {
        subject: subject.to_owned(),
        // Some providers call people by their address, which is nobody's business here.
        username: username.split('@').next().unwrap_or_default().to_owned(),
        display_name: claims.text("name").filter(|name| !name.contains('@')).map(ToOwned::to_owned),
        avatar: claims.text("picture").map(ToOwned::to_owned),
        email: claims.email(),
    })
}

/// Refuses whoever has no verified address in one of the domains, if there are any.
fn check_domain(email: Option<&Email>, domains: Option<&[String]>) -> Result<(), Failure> {
    let Some(domains) = domains else { return Ok(()) };
    let domain = email.filter(|email| email.verified).and_then(|email| email.address.rsplit_once('@'));
    match domain {
        Some((_, domain)) if domains.iter().any(|allowed| allowed.trim_start_matches('@').eq_ignore_ascii_case(domain)) => Ok(()),
        Some(_) => Err(Failure::Refused("the address is in none of the `allowed_domains`".to_owned())),
        None => Err(Failure::Refused("there is no verified address, which `allowed_domains` asks for".to_owned())),
    }
}

openclaw_sdk::export_oauth_provider!(OpenId);

#[cfg(test)]
mod tests;
