//! The routes of the email provider.

use poem::Request;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Query,
    payload::{Json, Response},
};

use super::{
    actions::{self, Entered, Followed},
    flows::{self, Flows, SignUp},
    requests::{AddressBody, ChangePasswordBody, LinkEmailBody, LoggedIn, LoginBody, RegisterBody, ResetBody},
};
use crate::{
    cookie::TokenCookie,
    devices,
    error::{Error, Kind, Result as AppResult},
    http::{
        auth::{Auth, ClientName, MaybeAuth, Sessions},
        base::Base,
        body::JsonBody,
        client_ip::ClientIp,
        data::Data,
        document::ErrorExample,
        fail::{BODY, E401, E409, E429, E503, Fail},
        failures::FailureDelay,
        origin::Source,
        payload::{Done, Message, Redirect},
        rate::{Limit, Limits},
    },
    mail::model::Origin,
    random::Token,
    sessions::model::SessionPlan,
};

/// Where a browser goes after signing in.
const SIGNED_IN: &str = "/posts/?login=ok";
/// Where a browser goes that has added an address: to the list of ways to sign in.
const LINKED: &str = "/settings/?login=linked";
/// Where a link leads that does not work.
const INVALID_TOKEN: &str = "/posts/?login=error&reason=invalid_token";

/// The operations of the email provider.
pub struct Api;

/// What the operations work with.
#[derive(Clone)]
pub struct Email {
    /// What they do.
    pub flows: Flows,
    /// How often.
    pub limits: Limits,
    /// How fast passwords may be guessed.
    pub failures: FailureDelay,
    /// By what a browser is known in which someone has signed in before.
    pub device: TokenCookie,
}

impl Email {
    /// Signs in, unless there were too many wrong passwords.
    async fn sign_in(&self, body: &LoginBody, device: Option<Token>, plan: SessionPlan) -> AppResult<Entered> {
        let attempt = self.flows.attempt(&body.email, device).await?;
        let answers_for = attempt.answers_for.clone();
        self.failures.attempt(&answers_for)?;
        let outcome = self.flows.login(attempt, &body.password, plan).await;
        match outcome.as_ref().map_err(|error| error.kind) {
            // The password was right: an address that is not verified yet does not change that.
            Ok(_) | Err(Kind::Forbidden) => self.failures.succeeded(&answers_for),
            // Nobody looked at it.
            Err(Kind::Unavailable | Kind::Internal) => self.failures.take_back(&answers_for),
            Err(_) => {}
        }
        outcome
    }
}

/// From where a mail is asked for, as the quotas count it.
fn origin(client: ClientIp) -> Origin {
    Origin { network: client.key(), site: client.site_key() }
}

/// Where a link leads that was followed in vain. What is no matter of the link is an error like any other.
fn in_vain(error: Error) -> AppResult<Redirect> {
    let reason = match (error.code, error.kind) {
        ("login_required" | "linked_elsewhere" | "too_many_identities", _) => error.code,
        ("account_disabled", _) => "disabled",
        (_, Kind::Invalid | Kind::Conflict) => return Ok(Redirect::to(INVALID_TOKEN)),
        _ => return Err(error),
    };
    Ok(Redirect::to(&format!("/posts/?login=error&reason={reason}")))
}

/// What is told in other words than usual, for the document.
pub fn error_examples() -> Vec<ErrorExample> {
    vec![
        ("/api/email/login", actions::invalid_credentials()),
        ("/api/email/login", flows::not_verified()),
        ("/api/email/link", actions::has_address()),
        ("/api/email/change-password", actions::wrong_current()),
    ]
}

#[derive(ApiResponse)]
enum LoginAnswer {
    /// Signed in.
    #[oai(
        status = 200,
        header(name = "Set-Cookie", ty = "String", description = "The session; a second one tells this browser from a stranger's.")
    )]
    In(Json<LoggedIn>),
}

#[OpenApi(tag = "crate::http::docs::Part::Email")]
impl Api {
    /// Register
    ///
    /// Sends a mail with a link; following it makes the account. Registering an address again before that replaces the earlier
    /// registration, its password and its link. A network gets five of these mails in 24 hours, resent ones included.
    #[oai(path = "/api/email/register", method = "post", operation_id = "registerByEmail")]
    async fn register(
        &self,
        email: Data<&Email>,
        client: ClientIp,
        body: JsonBody<RegisterBody>,
    ) -> Result<Json<Message>, Fail<{ BODY | E429 | E503 }>> {
        email.limits.check_client(Limit::Register, client)?;
        let RegisterBody { email: address, password, username } = body.0;
        email.flows.register(SignUp { email: address, password, username }, origin(client)).await?;
        Ok(Json(Message::new("Please check your email to verify your account.")))
    }

    /// Follow the link of a verification mail
    ///
    /// Makes the account, signs in and goes to `/posts/?login=ok`. A link that was used, replaced or is too old leads to
    /// `/posts/?login=error&reason=invalid_token`. If the link was opened from another site while another user is signed in
    /// here, that session stays and the browser goes to `/posts/?login=already`.
    ///
    /// A link of `POST /api/email/link` adds the address to the account and goes to `/settings/?login=linked`. It signs nobody in: in any
    /// session but the one that asked for it, it does nothing and leads to `/posts/?login=error&reason=login_required`. The reason is
    /// `linked_elsewhere` if somebody else signs in with the address by now, or `too_many_identities`.
    #[oai(path = "/api/email/verify", method = "get", operation_id = "verifyEmail")]
    #[allow(clippy::too_many_arguments, reason = "each is an extractor")]
    async fn verify(
        &self,
        email: Data<&Email>,
        request: &Request,
        base: Data<&Base>,
        sessions: Data<&Sessions>,
        client_ip: ClientIp,
        client: ClientName,
        present: MaybeAuth,
        /// The secret from the mail.
        token: Query<Option<String>>,
    ) -> Result<Redirect, Fail<{ E429 | E503 }>> {
        email.limits.check_client(Limit::Verify, client_ip)?;
        let Some(token) = token.0.as_deref().and_then(Token::parse) else { return Ok(Redirect::to(INVALID_TOKEN)) };
        let keep_present = present.0.is_some() && base.origins.source(request.headers()) == Source::Foreign;
        match email.flows.verify(&token, sessions.plan(client, present), keep_present).await {
            Ok(Followed::SignedIn(secret)) => Ok(Redirect::with_cookie(SIGNED_IN, sessions.hand_out(&secret))),
            Ok(Followed::Kept) => Ok(Redirect::to("/posts/?login=already")),
            Ok(Followed::Added) => Ok(Redirect::to(LINKED)),
            Err(error) => Ok(in_vain(error)?),
        }
    }

    /// Send the verification mail again
    ///
    /// The earlier link stops working. The answer is the same whether or not anyone waits at this address.
    #[oai(path = "/api/email/resend-verification", method = "post", operation_id = "resendVerification")]
    async fn resend(
        &self,
        email: Data<&Email>,
        client: ClientIp,
        body: JsonBody<AddressBody>,
    ) -> Result<Json<Message>, Fail<{ BODY | E429 | E503 }>> {
        email.limits.check_client(Limit::Resend, client)?;
        email.flows.resend(&body.email, origin(client)).await?;
        Ok(Json(Message::new("Verification email sent again. Please check your email.")))
    }

    /// Add an address and a password
    ///
    /// For an account that signs in elsewhere. Sends a mail with a link; following it in the session that asked for it adds the address
    /// to the account's ways to sign in, with this password, and ends all other sessions. Before that nothing changes. Asking again
    /// replaces the earlier link, which ends with the session, too. The answer is the same whether or not somebody else signs in with the
    /// address, who gets a mail then. The mails count among the five of the network. An account has one address: `email_linked` if it has
    /// it already.
    #[oai(path = "/api/email/link", method = "post", operation_id = "linkEmail")]
    async fn link(
        &self,
        email: Data<&Email>,
        auth: Auth,
        client: ClientIp,
        body: JsonBody<LinkEmailBody>,
    ) -> Result<Json<Message>, Fail<{ BODY | E401 | E409 | E429 | E503 }>> {
        email.limits.check_client(Limit::Register, client)?;
        let LinkEmailBody { email: address, password } = body.0;
        email.flows.add(&auth.0, address, &password, origin(client)).await?;
        Ok(Json(Message::new("Please check your email, and open the link in this browser.")))
    }

    /// Sign in
    ///
    /// Sets the session cookie, and one by which the browser is known: wrong passwords that others try for the account from elsewhere
    /// do not slow it down. 403 with `resend: true` means that the password is right and the address is not verified yet.
    #[oai(path = "/api/email/login", method = "post", operation_id = "loginByEmail")]
    #[allow(clippy::too_many_arguments, reason = "each is an extractor")]
    async fn login(
        &self,
        email: Data<&Email>,
        request: &Request,
        sessions: Data<&Sessions>,
        client_ip: ClientIp,
        client: ClientName,
        present: MaybeAuth,
        body: JsonBody<LoginBody>,
    ) -> Result<Response<LoginAnswer>, Fail<{ BODY | E401 | E429 | E503 }>> {
        email.limits.check_client(Limit::Login, client_ip)?;
        let device = email.device.read(request.headers()).token();
        let entered = email.sign_in(&body, device, sessions.plan(client, present)).await?;
        let answer = LoginAnswer::In(Json(LoggedIn { ok: true, redirect: SIGNED_IN.to_owned() }));
        let device = email.device.set(&entered.device, devices::LIFETIME);
        Ok(Response::new(answer).header("set-cookie", sessions.hand_out(&entered.session)).header("set-cookie", device))
    }

    /// Forgot the password
    ///
    /// Sends a mail with a link to set a new one. The answer is the same whether or not there is an account.
    #[oai(path = "/api/email/forgot", method = "post", operation_id = "forgotPassword")]
    async fn forgot(
        &self,
        email: Data<&Email>,
        client: ClientIp,
        body: JsonBody<AddressBody>,
    ) -> Result<Json<Message>, Fail<{ BODY | E429 | E503 }>> {
        email.limits.check_client(Limit::Forgot, client)?;
        email.flows.forgot(&body.email, origin(client)).await?;
        Ok(Json(Message::new("If there is an account for this address, an email with a link is on its way.")))
    }

    /// Set a new password by link
    ///
    /// Takes the secret of a link from a mail, once. All sessions of the account end.
    #[oai(path = "/api/email/reset", method = "post", operation_id = "resetPassword")]
    async fn reset(
        &self,
        email: Data<&Email>,
        client: ClientIp,
        body: JsonBody<ResetBody>,
    ) -> Result<Json<Message>, Fail<{ BODY | E429 | E503 }>> {
        email.limits.check_client(Limit::Passwords, client)?;
        email.flows.reset(&body.token, &body.password).await?;
        Ok(Json(Message::new("Your new password is set. Please sign in.")))
    }

    /// Change the password
    ///
    /// All other sessions of the account end.
    #[oai(path = "/api/email/change-password", method = "post", operation_id = "changePassword")]
    async fn change_password(
        &self,
        email: Data<&Email>,
        auth: Auth,
        client: ClientIp,
        body: JsonBody<ChangePasswordBody>,
    ) -> Result<Json<Done>, Fail<{ BODY | E401 | E429 | E503 }>> {
        email.limits.check_client(Limit::Passwords, client)?;
        email.flows.change_password(&auth.0, &body.current_password, &body.new_password).await?;
        Ok(Json(Done::new()))
    }
}
