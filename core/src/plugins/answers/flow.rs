//! What `authorization` answered: where people and the host are sent has to be where the operator allows.

use url::Url;

use super::{is_printable, oauth::MAX_SENTENCE};
use crate::{
    outbound::AllowList,
    plugins::{
        bindings::oauth::exports::openclaw::provider::oauth as guest,
        oauth::{ClientAuthentication, Flow, Server, Source},
    },
    text,
};

/// Longest name, in characters.
const MAX_NAME: usize = 64;
/// How many scopes.
const MAX_SCOPES: usize = 32;
/// Longest scope, in bytes.
const MAX_SCOPE: usize = 256;
/// How many parameters of the authorize address.
const MAX_PARAMETERS: usize = 16;
/// Longest name and value of a parameter, in bytes.
const MAX_PARAMETER: usize = 1024;
/// How many sources.
const MAX_SOURCES: usize = 4;
/// Longest address, in bytes.
const MAX_ADDRESS: usize = 2048;
/// Longest `User-Agent`, in bytes.
const MAX_USER_AGENT: usize = 256;
/// The parameters that the host sets itself.
const OF_THE_HOST: [&str; 11] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
];

/// The flow if it is acceptable, or the sentence for the operator that the guest answered instead.
pub fn flow(answer: Result<guest::Flow, String>, allowed: &AllowList) -> Result<Result<Flow, String>, String> {
    let flow = match answer {
        Ok(flow) => flow,
        Err(sentence) => return Ok(Err(text::one_line(&sentence, MAX_SENTENCE))),
    };
    if !(1..=MAX_NAME).contains(&flow.name.chars().count()) || flow.name.trim() != flow.name || !is_printable(&flow.name) {
        return Err("answered with a name that is empty, longer than 64 characters or not printable".to_owned());
    }
    let server = server(flow.server, allowed)?;
    check_scopes(&flow.scopes)?;
    let user_agent = flow.user_agent;
    let fits = |text: &String| (1..=MAX_USER_AGENT).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    if user_agent.as_ref().is_some_and(|text| !fits(text)) {
        return Err("answered with a user agent that is empty, longer than 256 characters or not plain ASCII".to_owned());
    }
    Ok(Ok(Flow {
        name: flow.name,
        sources: sources(flow.sources, &server, allowed)?,
        server,
        scopes: flow.scopes,
        parameters: parameters(flow.parameters)?,
        client_authentication: match flow.client_authentication {
            guest::ClientAuthentication::Basic => ClientAuthentication::Basic,
            guest::ClientAuthentication::Post => ClientAuthentication::Post,
        },
        user_agent,
    }))
}

fn server(server: guest::Server, allowed: &AllowList) -> Result<Server, String> {
    match server {
        guest::Server::Issuer(name) => {
            let url = address("issuer", &name, allowed)?;
            if url.query().is_some() {
                return Err("answered with an issuer that has a query".to_owned());
            }
            Ok(Server::Issuer { name, url })
        }
        guest::Server::Endpoints(guest::Endpoints { authorize, token }) => {
            let authorize = address("authorize address", &authorize, allowed)?;
            if let Some((name, _)) = authorize.query_pairs().find(|(name, _)| is_of_the_host(name)) {
                return Err(format!("answered with an authorize address that sets `{name}`, which the host sets itself"));
            }
            Ok(Server::Endpoints { authorize, token: address("address for tokens", &token, allowed)? })
        }
    }
}

/// An address that the operator allows. What is wrong is said without the address: it may be as long as anything.
fn address(what: &str, text: &str, allowed: &AllowList) -> Result<Url, String> {
    let plain = text.len() <= MAX_ADDRESS && text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = if plain { Url::parse(text).ok() } else { None };
    let Some(url) = url.filter(|url| url.fragment().is_none()) else {
        return Err(format!("answered with an {what} that is no plain web address of at most 2048 bytes, or that has a fragment"));
    };
    allowed.check(&url).map_err(|refused| format!("answered with an {what} that is not allowed: {refused}"))?;
    Ok(url)
}

fn check_scopes(scopes: &[String]) -> Result<(), String> {
    let token = |scope: &String| {
        (1..=MAX_SCOPE).contains(&scope.len()) && scope.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    };
    if scopes.len() > MAX_SCOPES || !scopes.iter().all(token) {
        return Err("answered with more than 32 scopes, or with one that is empty, too long or no single word".to_owned());
    }
    Ok(())
}

fn parameters(parameters: Vec<guest::Parameter>) -> Result<Vec<(String, String)>, String> {
    let pairs: Vec<(String, String)> = parameters.into_iter().map(|parameter| (parameter.name, parameter.value)).collect();
    let fits = |text: &str| text.len() <= MAX_PARAMETER && is_printable(text);
    if pairs.len() > MAX_PARAMETERS || !pairs.iter().all(|(name, value)| !name.is_empty() && fits(name) && fits(value)) {
        return Err("answered with more than 16 parameters, or with one that has no name, is too long or not printable".to_owned());
    }
    match pairs.iter().find(|(name, _)| is_of_the_host(name)) {
        Some((name, _)) => Err(format!("answered with the parameter `{name}`, which the host sets itself")),
        None => Ok(pairs),
    }
}

/// Sites may not mind the case of a name, so neither does this.
fn is_of_the_host(name: &str) -> bool {
    OF_THE_HOST.iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn sources(sources: Vec<guest::Source>, server: &Server, allowed: &AllowList) -> Result<Vec<Source>, String> {
    if sources.len() > MAX_SOURCES {
        return Err("answered with more than 4 sources".to_owned());
    }
    let source = |source| match source {
        guest::Source::Url(text) => Ok(Source::Url(address("address of a source", &text, allowed)?)),
        guest::Source::Userinfo if matches!(server, Server::Issuer { .. }) => Ok(Source::UserInfo),
        guest::Source::Userinfo => Err("answered with the source `userinfo`, which only OpenID providers have".to_owned()),
    };
    sources.into_iter().map(source).collect()
}
