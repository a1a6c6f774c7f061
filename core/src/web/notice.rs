//! What a redirect from signing in has to say, chosen by its query and never taken from it.

/// A sentence at the top of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// `good` or `bad`: how it looks and how urgently it is read out.
    pub kind: &'static str,
    /// The key of the sentence.
    pub key: &'static str,
}

impl Notice {
    /// The notice for `?login=<login>&reason=<reason>`. Success is only announced to those who are signed in. The front end has
    /// the same table (`notices.ts`).
    pub fn of(login: Option<&str>, reason: Option<&str>, signed_in: bool) -> Option<Self> {
        let good = |key| Some(Self { kind: "good", key });
        let bad = |key| Some(Self { kind: "bad", key });
        match login? {
            "ok" if signed_in => good("notice.ok"),
            "linked" if signed_in => good("notice.linked"),
            "tried" => good("notice.tried"),
            "already" => bad("notice.already"),
            "error" => bad(trouble(reason.unwrap_or_default())),
            _ => None,
        }
    }
}

/// Why signing in, or adding a way to sign in, did not work.
fn trouble(reason: &str) -> &'static str {
    match reason {
        "invalid_token" => "notice.invalid_token",
        "denied" => "notice.denied",
        "provider" | "provider_unavailable" => "notice.provider",
        "refused" => "notice.refused",
        "state" | "expired" => "notice.state",
        "disabled" => "notice.disabled",
        "rate_limited" => "notice.rate_limited",
        "login_required" => "notice.login_required",
        "linked_elsewhere" => "notice.linked_elsewhere",
        "too_many_identities" => "notice.too_many_identities",
        _ => "notice.failed",
    }
}
