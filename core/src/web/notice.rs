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
        match (login?, reason.unwrap_or_default()) {
            ("ok", _) if signed_in => good("You are signed in."),
            ("already", _) => {
                bad("The address is confirmed. You are still signed in with your other account; sign out first to use the new one.")
            }
            ("error", "invalid_token") => {
                bad("This link does not work any more: it was used already, it expired, or a newer mail replaced it. \
                 Sign in, or ask for a new mail.")
            }
            ("error", "denied") => bad("You did not give your consent, so nobody was signed in."),
            ("error", "provider" | "provider_unavailable") => {
                bad("The other site could not sign you in at the moment. Please try again later.")
            }
            ("error", "state" | "expired") => bad("Signing in took too long. Please start again."),
            ("error", "disabled") => bad("This account was closed by an administrator."),
            ("error", _) => bad("Signing in did not work. Please try again."),
            _ => None,
        }
    }
}
