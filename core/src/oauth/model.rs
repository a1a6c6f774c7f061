//! A sign-in that is under way, what the browser comes back with, and how it can end.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    config::Secret,
    error::Error,
    ids::UserId,
    plugins::Unavailable,
    random::{Token, TokenHash},
};

/// The longest code that is passed on, in bytes. Providers' are far shorter.
const MAX_CODE: usize = 2 << 10;

/// What someone is sent to a provider for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To add the identity to the account of someone who is signed in.
    Link(UserId),
    /// To see whether it works: started from the command line, bound to no browser, and nobody is signed in.
    Trial,
}

impl Purpose {
    /// The purpose as the database keeps it, beside the user.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Link(_) => "link",
            Self::Trial => "trial",
        }
    }

    /// Reads what [`Purpose::as_str`] and the user's column hold.
    pub fn from_stored(purpose: &str, user: Option<String>) -> Option<Self> {
        match (purpose, user) {
            ("sign-in", None) => Some(Self::SignIn),
            ("link", Some(user)) => Some(Self::Link(UserId::from_stored(user))),
            ("trial", None) => Some(Self::Trial),
            _ => None,
        }
    }
}

/// A sign-in that is under way.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// The hash of the state that the provider hands back.
    pub state: TokenHash,
    /// The hash of the browser's cookie. A trial is bound to the settings it began with instead: their hash.
    pub browser: Option<TokenHash>,
    /// Where the person was sent.
    pub provider: String,
    /// What for.
    pub purpose: Purpose,
    /// Where to go on afterwards, a path that [`super::policy::next`] accepted.
    pub next: Option<String>,
    /// The secret whose hash the provider was given.
    pub pkce_verifier: Token,
    /// What the ID token has to repeat.
    pub nonce: Token,
    /// Until when the person can come back.
    pub expires_at: Timestamp,
}

/// What the provider sends a browser back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The person agreed: a code to exchange.
    Code(Secret),
    /// The person did not agree, or there is nothing to go on with.
    Denied,
    /// There is no answer at all: nobody was sent back here.
    Nothing,
    /// The provider could not do what it was asked, in the words of the specification.
    Failed(&'static str),
}

/// The query of a callback, as far as it is believed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The state, if it has the form of one of ours.
    pub state: Option<Token>,
    /// What the provider says.
    pub reply: Reply,
    /// Who the provider says it is (RFC 9207).
    pub issuer: Option<String>,
}

/// Errors by which a provider says that the request or its own state is at fault, not the person.
const FAILURES: [&str; 6] =
    ["invalid_request", "invalid_scope", "server_error", "temporarily_unavailable", "unauthorized_client", "unsupported_response_type"];

impl Answer {
    /// Reads the parameters of a callback. No text of the provider's is kept but the code and the issuer.
    pub fn parse(code: Option<String>, state: Option<&str>, error: Option<&str>, issuer: Option<String>) -> Self {
        let reply = match (error, code) {
            (Some(error), _) => FAILURES.iter().find(|known| **known == error).map_or(Reply::Denied, |known| Reply::Failed(known)),
            (None, Some(code)) if is_code(&code) => Reply::Code(Secret::new(code)),
            (None, None) if state.is_none() => Reply::Nothing,
            (None, _) => Reply::Denied,
        };
        Self { state: state.and_then(Token::parse), reply, issuer }
    }
}

/// Whether a code is worth asking the provider about: it has the characters of the specification (RFC 6749, appendix A.11).
fn is_code(code: &str) -> bool {
    (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// Why nobody is signed in, as people are told. There are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The person did not agree.
    Denied,
    /// The answer belongs to no sign-in of this browser: too late, twice, or made up by someone else.
    State,
    /// The provider did not do its part.
    Provider,
    /// The provider plugin does not let this person in.
    Refused,
    /// The account is shut.
    Disabled,
    /// The identity belongs to another account.
    LinkedElsewhere,
    /// The account has as many identities as it may have.
    TooManyIdentities,
}

impl Reason {
    /// The word in the address that the browser is sent to.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::State => "state",
            Self::Provider => "provider",
            Self::Refused => "refused",
            Self::Disabled => "disabled",
            Self::LinkedElsewhere => "linked_elsewhere",
            Self::TooManyIdentities => "too_many_identities",
        }
    }
}

/// Why a sign-in came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What people are told.
    pub reason: Reason,
    /// A sentence for the operator, without any secret.
    pub detail: String,
    /// Whether it is worth a warning: strangers cannot bring it about at will.
    pub is_grave: bool,
}

impl Stop {
    /// Ends a sign-in for `reason`; `detail` is for the operator.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), is_grave: matches!(reason, Reason::Provider | Reason::Refused) }
    }

    /// The same, if strangers can bring it about at will, by what they send.
    #[must_use]
    pub fn by_anybody(self) -> Self {
        Self { is_grave: false, ..self }
    }
}

/// Why a sign-in came to nothing, or could not be carried out at all.
#[derive(Debug)]
pub enum Fault {
    /// The browser is sent to a page that says why.
    Stop(Stop),
    /// The request fails like any other.
    Error(Error),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Unavailable> for Fault {
    fn from(unavailable: Unavailable) -> Self {
        Self::Error(unavailable.into())
    }
}

/// What a trial found out, as the command line shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialOutcome {
    /// The sign-in would have worked.
    Worked(Box<TrialReport>),
    /// It would not: one sentence that says why.
    Failed(String),
}

/// What a provider told about the person who tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialReport {
    /// The provider's unchanging name for the person.
    pub subject: String,
    /// What the person is called there.
    pub username: String,
    /// The name that is shown to others, if it is another one.
    pub display_name: Option<String>,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// Whether the provider says that the address belongs to the person.
    pub email_verified: bool,
    /// The scopes that were asked for.
    pub asked: Vec<String>,
    /// The scopes that were granted.
    pub granted: Vec<String>,
    /// Those asked for and not granted.
    pub missing: Vec<String>,
    /// The names of the ID token's claims; empty where there is none.
    pub claims: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFE";

    fn parse(code: Option<&str>, error: Option<&str>) -> Reply {
        Answer::parse(code.map(str::to_owned), Some(STATE), error, None).reply
    }

    #[test]
    fn b02_only_a_code_of_sensible_length_and_characters_is_a_code() {
        assert_eq!(parse(Some("abc"), None), Reply::Code(Secret::new("abc")));
        assert!(matches!(parse(Some(&"c".repeat(2048)), None), Reply::Code(_)));
        for code in [None, Some(""), Some("c".repeat(2049).as_str()), Some("c".repeat(10_000).as_str())] {
            assert_eq!(parse(code, None), Reply::Denied);
        }
        for code in ["\0", "a\r\nb", "\u{7f}", "caf\u{e9}", "\u{202e}abc", "\u{1f600}"] {
            assert_eq!(parse(Some(code), None), Reply::Denied, "{code:?}");
        }
    }

    #[test]
    fn b02_an_error_outweighs_a_code_and_its_text_is_not_kept() {
        for error in ["access_denied", "", "<script>alert(1)</script>", "Server_Error"] {
            assert_eq!(parse(Some("abc"), Some(error)), Reply::Denied, "{error}");
        }
        assert_eq!(parse(None, Some("server_error")), Reply::Failed("server_error"));
    }

    #[test]
    fn b03_a_state_has_exactly_our_form() {
        assert!(Answer::parse(None, Some(STATE), None, None).state.is_some());
        for state in ["", "x", &STATE[1..], &format!("{STATE}A"), &format!("{STATE} "), &STATE.replace('0', "+")] {
            assert!(Answer::parse(None, Some(state), None, None).state.is_none(), "{state}");
        }
    }

    #[test]
    fn purposes_are_read_as_they_are_written() {
        let user = || Some("usr-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned());
        for (purpose, user) in
            [(Purpose::SignIn, None), (Purpose::Trial, None), (Purpose::Link(UserId::from_stored(user().unwrap())), user())]
        {
            assert_eq!(Purpose::from_stored(purpose.as_str(), user), Some(purpose));
        }
        assert_eq!(Purpose::from_stored("link", None), None);
        assert_eq!(Purpose::from_stored("sign-in", user()), None);
    }
}
