//! The redirect providers: whether their sites answer, know this server, and agree with it about the time.

use super::Finding;
use crate::{
    clock::SystemClock,
    config::Config,
    oauth::checkup::{CheckUp, Checker, Introduction},
    outbound::{Outbound, SystemResolver},
    plugins::{OAuthProvider, PluginKind, Plugins},
    random::Random,
};

/// From how many seconds on two clocks disagree: ID tokens are then refused, now or soon.
const SKEW: i64 = 30;

pub async fn examine(config: &Config, plugins: &Plugins) -> Vec<Finding> {
    let mut findings = root(config, plugins);
    for status in plugins.providers() {
        if let Ok(provider) = plugins.oauth(&status.id) {
            findings.extend(examine_one(config, &provider).await);
        }
    }
    findings
}

/// Asks the site of one provider.
pub async fn examine_one(config: &Config, provider: &OAuthProvider) -> Vec<Finding> {
    let outbound = match Outbound::new(&config.outbound, std::sync::Arc::new(SystemResolver), &config.base_url()) {
        Ok(outbound) => outbound,
        Err(error) => return vec![Finding::bad("outbound", error.to_string())],
    };
    let random = Random::from_system();
    let checker = Checker { config, outbound: &outbound, clock: &SystemClock, random: &random };
    let subject = format!("sign-in {}", provider.id());
    match checker.check_up(provider).await {
        Ok(found) => describe(&subject, provider.id(), &found),
        Err(trouble) => vec![Finding::bad(&subject, trouble.to_string())],
    }
}

/// The provider of the short paths has to be one that sends people elsewhere.
fn root(config: &Config, plugins: &Plugins) -> Vec<Finding> {
    let root = &config.auth.root_provider;
    let known = plugins.providers().into_iter().any(|status| &status.id == root && status.kind == PluginKind::OAuthProvider);
    let text = || format!("{root} is no redirect provider of this server, so /api/login answers 503: name one of them");
    if known { Vec::new() } else { vec![Finding::doubtful("root_provider", text())] }
}

fn describe(subject: &str, id: &str, found: &CheckUp) -> Vec<Finding> {
    let register = format!("register the redirect address {}", found.redirect_uri);
    let mut findings = vec![match &found.introduction {
        Introduction::Known => Finding::good(subject, format!("{} answers and knows this server; {register}", host(&found.authorize_at))),
        Introduction::Unknown => {
            Finding::bad(subject, format!("the provider does not accept the client id and secret: copy both again; {register}"))
        }
        Introduction::Unclear(how) => Finding::doubtful(subject, format!("{how}; try it with `community plugin try {id}`; {register}")),
    }];
    if let Some(ahead) = found.ahead.filter(|ahead| ahead.abs() > SKEW) {
        let text = format!("the provider's clock is {ahead} s ahead of this machine's: set this one by NTP");
        findings.push(Finding::bad(subject, text));
    }
    findings
}

/// The host of an address, for a sentence.
fn host(address: &str) -> String {
    url::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| address.to_owned())
}
