//! What a redirect from signing in has to say, chosen by its query and never taken from it.

/// A sentence at the top of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// `good` or `bad`: how it looks and how urgently it is read out.
    pub kind: &'static str,
    /// The sentence.
    pub text: &'static str,
}

impl Notice {
    /// The notice for `?login=<login>&reason=<reason>`. Success is only announced to those who are signed in.
    pub fn of(login: Option<&str>, reason: Option<&str>, signed_in: bool) -> Option<Self> {
        let good = |text| Some(Self { kind: "good", text });
        let bad = |text| Some(Self { kind: "bad", text });
        match login? {
            "ok" if signed_in => good("You are signed in."),
            "linked" if signed_in => good("Done: from now on you can sign in this way, too."),
            "tried" => good("The trial is over. The command line shows what came of it; nobody was signed in."),
            "already" => {
                bad("The address is confirmed. You are still signed in with your other account; sign out first to use the new one.")
            }
            "error" => bad(trouble(reason.unwrap_or_default())),
            _ => None,
        }
    }
}

/// Why signing in, or adding a way to sign in, did not work.
fn trouble(reason: &str) -> &'static str {
    match reason {
        "invalid_token" => {
            "This link does not work any more: it was used already, it expired, or a newer mail replaced it. \
             Sign in, or ask for a new mail."
        }
        "denied" => "You did not give your consent at the other site, so nothing was changed here.",
        "provider" | "provider_unavailable" => "The other site could not sign you in at the moment. Please try again later.",
        "refused" => "This account cannot be used to sign in here.",
        "state" | "expired" => "Signing in took too long, or was begun in another browser. Please start again.",
        "disabled" => "This account was closed by an administrator.",
        "linked_elsewhere" => {
            "That account belongs to another member here. Sign in with it and remove it there before you add it to yours."
        }
        "too_many_identities" => "Your account has as many ways to sign in as it can have. Remove one before you add another.",
        _ => "Signing in did not work. Please try again.",
    }
}
