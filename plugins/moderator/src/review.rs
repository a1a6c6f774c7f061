//! What becomes of a message.

use openclaw_sdk::{Draft, Verdict};

use crate::{
    flood::{self, Pace},
    history, links,
    rules::{Action, Rules},
    text::{Finding, replace},
    words,
};

/// What is said in place of a link.
const NO_LINK: &str = "(link removed)";

/// Decides, and keeps what was refused or changed for the moderators.
pub fn decide(rules: &Rules, draft: &Draft) -> Verdict {
    if rules.exempt_moderators && matches!(draft.role.as_str(), "owner" | "moderator") {
        return Verdict::Allow;
    }
    let pace = flood::count(rules, &draft.author);
    if pace != Pace::Fine {
        // Whoever floods shall not flood the log, too.
        if pace == Pace::TooFast {
            history::keep(rules, draft, "refused", "too much at once");
        }
        return Verdict::Reject("That was a lot at once. Please wait a few seconds.".to_owned());
    }
    let words = rules.words.find(&draft.body);
    let links = if rules.link_action == Action::Allow { Vec::new() } else { links::find(&draft.body, &rules.link_hosts) };
    if let Some(sentence) = refusal(rules, &draft.body, &words, &links) {
        history::keep(rules, draft, "refused", &names(&words, &links));
        return Verdict::Reject(sentence);
    }
    if words.is_empty() && links.is_empty() {
        return Verdict::Allow;
    }
    history::keep(rules, draft, "changed", &names(&words, &links));
    Verdict::Rewrite(rewritten(rules, &draft.body, &words))
}

fn refusal(rules: &Rules, body: &str, words: &[Finding], links: &[Finding]) -> Option<String> {
    match (words.first(), links.first()) {
        (Some(word), _) if rules.word_action == Action::Reject => Some(format!("Please say that without “{}”.", &body[word.place.clone()])),
        (_, Some(link)) if rules.link_action == Action::Reject => Some(format!("Links to {} are not welcome here.", link.name)),
        _ => None,
    }
}

/// Words first: what is put in their place is no part of a link's host, and a link is removed whole.
fn rewritten(rules: &Rules, body: &str, words: &[Finding]) -> String {
    let body = if rules.word_action == Action::Rewrite { replace(body, words, words::blacked_out) } else { body.to_owned() };
    if rules.link_action == Action::Allow {
        return body;
    }
    let links = links::find(&body, &rules.link_hosts);
    replace(&body, &links, |_| NO_LINK.to_owned())
}

fn names(words: &[Finding], links: &[Finding]) -> String {
    let words = words.iter().map(|word| format!("word {}", word.name));
    let mut names: Vec<_> = words.chain(links.iter().map(|link| format!("link to {}", link.name))).collect();
    names.dedup();
    names.truncate(3);
    names.join(", ")
}
