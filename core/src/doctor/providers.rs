//! The redirect providers: whether their sites answer, know this server, and agree with it about the time.

use std::sync::Arc;

use super::Finding;
use crate::{
    clock::SystemClock,
    config::Config,
    oauth::{
        checkup::{CheckUp, Checker, Introduction},
        policy,
    },
    outbound::{Outbound, Place, SystemResolver},
    plugins::{OAuthProvider, PluginKind, Plugins, Server},
    random::Random,
};

/// From how many seconds on two clocks disagree enough to say so.
const SKEW: i64 = 30;
/// From how many seconds on a provider that is ahead has its ID tokens refused.
const TOO_FAR: i64 = 60;

pub async fn examine(config: &Config, plugins: &Plugins) -> Vec<Finding> {
    let mut findings = root(config, plugins);
    for status in plugins.providers().into_iter().filter(|status| status.kind == PluginKind::OAuthProvider) {
        match plugins.oauth(&status.id) {
            Ok(provider) => findings.extend(examine_one(config, &provider).await),
            Err(_) => findings.push(to_register(config, &status.id)),
        }
    }
    findings
}

/// Asks the site of one provider.
pub async fn examine_one(config: &Config, provider: &OAuthProvider) -> Vec<Finding> {
    let outbound = match Outbound::new(&config.outbound, Arc::new(SystemResolver), &config.base_url(), Place::back_rooms(config)) {
        Ok(outbound) => outbound,
        Err(error) => return vec![Finding::bad("outbound", error.to_string())],
    };
    let random = Random::from_system();
    let checker = Checker { config, outbound: &outbound, clock: &SystemClock, random: &random };
    let subject = format!("sign-in {}", provider.id());
    let mut findings = vec![to_register(config, provider.id())];
    match checker.check_up(provider).await {
        Ok(found) => findings.extend(describe(&subject, provider, &found)),
        Err(trouble) => findings.push(Finding::bad(&subject, trouble.to_string())),
    }
    findings
}

/// What whoever sets up a provider has to tell its site.
fn to_register(config: &Config, id: &str) -> Finding {
    let redirect_uri = policy::redirect_uri(&config.base_url(), &config.auth.root_provider, id);
    Finding::good(&format!("sign-in {id}"), format!("redirect address to register: {redirect_uri}"))
}

/// The provider of the short paths has to be one that sends people elsewhere.
fn root(config: &Config, plugins: &Plugins) -> Vec<Finding> {
    let root = &config.auth.root_provider;
    let known = plugins.providers().into_iter().any(|status| &status.id == root && status.kind == PluginKind::OAuthProvider);
    let text = || format!("{root} is no redirect provider of this server, so /api/login answers 503: name one of them");
    if known { Vec::new() } else { vec![Finding::doubtful("root_provider", text())] }
}

fn describe(subject: &str, provider: &OAuthProvider, found: &CheckUp) -> Vec<Finding> {
    let mut findings = vec![Finding::good(subject, format!("people are sent to {}", found.authorize_at))];
    let has_id_tokens = matches!(provider.flow().server, Server::Issuer { .. });
    findings.extend(found.ahead.map(|ahead| clock(subject, has_id_tokens, ahead)));
    findings.push(match &found.introduction {
        Introduction::Known => Finding::good(subject, "the provider knows this server"),
        Introduction::Unknown => Finding::bad(subject, "the provider does not accept the client id and secret: copy both again"),
        Introduction::Unclear(how) => Finding::doubtful(subject, format!("{how}; try it with `community plugin try {}`", provider.id())),
    });
    findings
}

/// Whether the provider agrees with this machine about the time, on which its ID tokens depend if it has any.
fn clock(subject: &str, has_id_tokens: bool, ahead: i64) -> Finding {
    let relation = if ahead < 0 { "behind" } else { "ahead of" };
    let text = format!("the provider's clock is {} s {relation} this machine's", ahead.abs());
    if ahead.abs() <= SKEW {
        return Finding::good(subject, text);
    }
    let text = format!("{text}: set this one by NTP");
    if has_id_tokens && ahead > TOO_FAR { Finding::bad(subject, text) } else { Finding::doubtful(subject, text) }
}

#[cfg(test)]
mod tests {
    use super::{super::Verdict, *};

    #[test]
    fn a_clock_that_is_wrong_is_the_worse_the_more_depends_on_it() {
        let verdicts = |has_id_tokens| {
            let verdict = |ahead| clock("club", has_id_tokens, ahead).verdict;
            [0, 30, -30, 31, -31, 60, 61, -61].map(verdict)
        };
        let (good, doubtful) = (Verdict::Good, Verdict::Doubtful);
        let without = [good, good, good, doubtful, doubtful, doubtful, doubtful, doubtful];
        assert_eq!(verdicts(false), without);
        assert_eq!(verdicts(true), [&without[..6], &[Verdict::Bad, doubtful]].concat().as_slice());
        assert!(clock("club", true, -61).text.starts_with("the provider's clock is 61 s behind this machine's"));
    }
}
