//! The redirect providers' paths. They are there whether or not the provider is: off, they answer 503.

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::{Json, Response},
    types::Example,
};
use prometheus::{IntCounterVec, opts};

use super::{
    flows::{Begun, Finished, OAuth, Outcome, Return},
    model::{Answer, Fault, Purpose},
    policy,
};
use crate::{
    cookie::TokenCookie,
    error::{Error, Kind, Result as AppResult},
    http::{
        auth::{Auth, ClientName, MaybeAuth, Sessions},
        client_ip::ClientIp,
        data::Data,
        fail::{E401, E404, E405, E429, E503, Fail, UNSAFE},
        payload::Redirect,
        rate::{Limit, Limits},
    },
    plugins::PluginKind,
    random::Token,
};

/// Where a browser goes after signing in.
const SIGNED_IN: &str = "/?login=ok";
/// Where a browser goes that has added a way to sign in: to the list of them.
const LINKED: &str = "/settings/?login=linked";

/// The provider whose paths the reference names.
const REDDIT: &str = "reddit";

/// The operations of the redirect providers.
pub struct Api;

/// What the operations work with.
#[derive(Clone)]
pub struct Providers {
    /// What they do.
    pub oauth: OAuth,
    /// How often.
    pub limits: Limits,
    /// The cookie that binds a sign-in to its browser.
    pub cookie: TokenCookie,
    /// How sign-ins ended, by provider and outcome.
    pub outcomes: IntCounterVec,
}

/// The answer of `POST /api/{provider}/link`.
#[derive(Debug, Object)]
#[oai(example)]
struct LinkBegun {
    /// Always `true`.
    ok: bool,
    /// Where to send the browser: the other site.
    redirect: String,
}

impl Example for LinkBegun {
    fn example() -> Self {
        Self { ok: true, redirect: "https://discord.com/oauth2/authorize?response_type=code&client_id=1&state=…".to_owned() }
    }
}

/// What a browser brings on its way there or back, beside its answer.
struct Visitor {
    ip: ClientIp,
    /// Whether it shows people what it gets: it is sent on to a page that says what is wrong.
    shows_pages: bool,
    browser: Option<Token>,
    client: ClientName,
    present: MaybeAuth,
}

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let providers = <Data<&Providers>>::from_request(request, body).await?;
        Ok(Self {
            ip: ClientIp::from_request(request, body).await?,
            shows_pages: request.header("accept").is_some_and(|accept| accept.contains("text/html")),
            browser: providers.cookie.read(request.headers()).token(),
            client: ClientName::from_request(request, body).await?,
            present: MaybeAuth::from_request(request, body).await?,
        })
    }
}

/// A redirect, perhaps with cookies.
type Away = Response<Redirect>;

fn to(path: &str) -> Away {
    Response::new(Redirect::to(path))
}

fn to_reason(reason: &str) -> Away {
    to(&format!("/?login=error&reason={reason}"))
}

fn failed(fault: Fault) -> AppResult<Away> {
    match fault {
        Fault::Stop(stop) => Ok(to_reason(stop.reason.as_str())),
        Fault::Error(error) => Err(error),
    }
}

/// How a way that ended early is counted.
fn word(fault: &Fault) -> &'static str {
    match fault {
        Fault::Stop(stop) => stop.reason.as_str(),
        Fault::Error(_) => "error",
    }
}

impl Providers {
    /// The providers of a server, with counters at zero.
    pub fn new(oauth: OAuth, limits: Limits) -> Self {
        let counted = opts!("sign_ins_total", "Returns from other sites and ways there that ended early, by provider and outcome.");
        Self {
            cookie: super::cookie::of_site(&oauth.config.base_url()),
            outcomes: IntCounterVec::new(counted, &["provider", "outcome"]).expect("names are valid"),
            oauth,
            limits,
        }
    }

    /// Refuses what is not the id of a redirect provider, on or off.
    fn require(&self, provider: &str) -> AppResult<()> {
        let status = self.oauth.plugins.status();
        // One that could not be read may be of any kind.
        let is_known = status.iter().any(|known| known.id == provider && known.kind != Some(PluginKind::PasswordProvider));
        if is_known { Ok(()) } else { Err(Error::not_found("provider")) }
    }

    fn root(&self) -> &str {
        &self.oauth.config.auth.root_provider
    }

    /// The answer to a client that comes too often.
    fn too_often(&self, limit: Limit, visitor: &Visitor) -> Option<AppResult<Away>> {
        let error = self.limits.check_client(limit, visitor.ip).err()?;
        Some(if visitor.shows_pages { Ok(to_reason(error.code)) } else { Err(error) })
    }

    /// Begins a sign-in, and counts it if that ends here.
    async fn begin(&self, provider: &str, purpose: Purpose, browser: Option<Token>, next: Option<&str>) -> Result<Begun, Fault> {
        let begun = self.oauth.begin(provider, purpose, browser, next).await;
        begun.inspect_err(|fault| self.outcomes.with_label_values(&[provider, word(fault)]).inc())
    }

    async fn login(&self, provider: &str, visitor: Visitor, next: Option<&str>) -> AppResult<Away> {
        if let Some(answer) = self.too_often(Limit::Providers, &visitor) {
            return answer;
        }
        match self.begin(provider, Purpose::SignIn, visitor.browser, next).await {
            Ok(Begun { location, browser }) => Ok(to(&location).header("set-cookie", self.cookie.set(&browser, policy::LIFETIME))),
            Err(fault) => failed(fault),
        }
    }

    async fn callback(&self, provider: &str, sessions: &Sessions, visitor: Visitor, answer: Answer) -> AppResult<Away> {
        if let Some(answer) = self.too_often(Limit::ProviderReturns, &visitor) {
            return answer;
        }
        let plan = sessions.plan(visitor.client, visitor.present);
        let back = Return { provider: provider.to_owned(), answer, browser: visitor.browser, plan };
        let Finished { outcome, keep_cookie } = Box::pin(self.oauth.finish(back)).await;
        let word = match &outcome {
            Ok(Outcome::SignedIn { .. }) => "ok",
            Ok(Outcome::Linked) => "linked",
            Ok(Outcome::Tried) => "tried",
            Err(fault) => word(fault),
        };
        self.outcomes.with_label_values(&[provider, word]).inc();
        let away = match outcome {
            Ok(Outcome::SignedIn { secret, next }) => {
                to(next.as_deref().unwrap_or(SIGNED_IN)).header("set-cookie", sessions.hand_out(&secret))
            }
            Ok(Outcome::Linked) => to(LINKED),
            Ok(Outcome::Tried) => to("/?login=tried"),
            Err(fault) => failed(fault)?,
        };
        Ok(if keep_cookie { away } else { away.header("set-cookie", self.cookie.remove()) })
    }
}

#[OpenApi(tag = "crate::http::docs::Part::Providers")]
impl Api {
    /// Sign in with Discord
    ///
    /// Goes to Discord, which sends the browser back to `/api/callback`; or to whichever provider the server's operator gave this
    /// address to. If the provider does not answer, goes to `/?login=error&reason=provider`; if too many sign-ins were begun from the same
    /// network, a browser goes to `/?login=error&reason=rate_limited`, and other clients get 429.
    #[oai(path = "/api/login", method = "get", operation_id = "loginWithDiscord")]
    async fn login_with_discord(
        &self,
        providers: Data<&Providers>,
        visitor: Visitor,
        /// The path to go to afterwards: letters, digits, `/`, `_` and `-`. Any other is ignored.
        next: Query<Option<String>>,
    ) -> Result<Away, Fail<{ E429 | E503 }>> {
        Ok(providers.login(providers.root(), visitor, next.as_deref()).await?)
    }

    /// Come back from Discord
    ///
    /// Signs in and goes to `/?login=ok`, or to `next`. Whatever goes wrong at the provider or with the answer leads to
    /// `/?login=error&reason=…`: `denied`, `state` (too late, twice, or begun by another browser), `provider`, `refused`, `disabled` or,
    /// for browsers in place of 429, `rate_limited`.
    #[oai(path = "/api/callback", method = "get", operation_id = "returnFromDiscord")]
    #[allow(clippy::too_many_arguments, reason = "each is an extractor")]
    async fn return_from_discord(
        &self,
        providers: Data<&Providers>,
        sessions: Data<&Sessions>,
        visitor: Visitor,
        /// What the provider gives to who agreed.
        code: Query<Option<String>>,
        /// What was sent along to the provider.
        state: Query<Option<String>>,
        /// What the provider says instead of a code.
        error: Query<Option<String>>,
        /// Who the provider says it is.
        iss: Query<Option<String>>,
    ) -> Result<Away, Fail<{ E429 | E503 }>> {
        let answer = Answer::parse(code.0, state.0.as_deref(), error.0.as_deref(), iss.0);
        Ok(providers.callback(providers.root(), &sessions, visitor, answer).await?)
    }

    /// Sign in with Reddit
    ///
    /// Goes to Reddit, which sends the browser back to `/api/reddit/callback`. If Reddit does not answer, goes to
    /// `/?login=error&reason=provider`.
    #[oai(path = "/api/reddit/login", method = "get", operation_id = "loginWithReddit")]
    async fn login_with_reddit(
        &self,
        providers: Data<&Providers>,
        visitor: Visitor,
        /// The path to go to afterwards: letters, digits, `/`, `_` and `-`. Any other is ignored.
        next: Query<Option<String>>,
    ) -> Result<Away, Fail<{ E429 | E503 }>> {
        Ok(providers.login(REDDIT, visitor, next.as_deref()).await?)
    }

    /// Come back from Reddit
    ///
    /// Signs in and goes to `/?login=ok`, or to `next`. Whatever goes wrong at the provider or with the answer leads to
    /// `/?login=error&reason=…`: `denied`, `state` (too late, twice, or begun by another browser), `provider`, `refused`, `disabled` or,
    /// for browsers in place of 429, `rate_limited`.
    #[oai(path = "/api/reddit/callback", method = "get", operation_id = "returnFromReddit")]
    #[allow(clippy::too_many_arguments, reason = "each is an extractor")]
    async fn return_from_reddit(
        &self,
        providers: Data<&Providers>,
        sessions: Data<&Sessions>,
        visitor: Visitor,
        /// What the provider gives to who agreed.
        code: Query<Option<String>>,
        /// What was sent along to the provider.
        state: Query<Option<String>>,
        /// What the provider says instead of a code.
        error: Query<Option<String>>,
        /// Who the provider says it is.
        iss: Query<Option<String>>,
    ) -> Result<Away, Fail<{ E429 | E503 }>> {
        let answer = Answer::parse(code.0, state.0.as_deref(), error.0.as_deref(), iss.0);
        Ok(providers.callback(REDDIT, &sessions, visitor, answer).await?)
    }

    /// Sign in with a provider
    ///
    /// Goes to the provider, which sends the browser back to `/api/{provider}/callback`. If the provider does not answer, goes to
    /// `/?login=error&reason=provider`. A provider that takes passwords has a POST at this address.
    #[oai(path = "/api/:provider/login", method = "get", operation_id = "loginWithProvider")]
    async fn login_with_provider(
        &self,
        providers: Data<&Providers>,
        visitor: Visitor,
        /// The provider's id.
        provider: Path<String>,
        /// The path to go to afterwards: letters, digits, `/`, `_` and `-`. Any other is ignored.
        next: Query<Option<String>>,
    ) -> Result<Away, Fail<{ E404 | E405 | E429 | E503 }>> {
        providers.require(&provider)?;
        Ok(providers.login(&provider, visitor, next.as_deref()).await?)
    }

    /// Come back from a provider
    ///
    /// Signs in and goes to `/?login=ok`, or to `next`. Whatever goes wrong at the provider or with the answer leads to
    /// `/?login=error&reason=…`: `denied`, `state` (too late, twice, or begun by another browser), `provider`, `refused`, `disabled` or,
    /// for browsers in place of 429, `rate_limited`.
    #[oai(path = "/api/:provider/callback", method = "get", operation_id = "returnFromProvider")]
    #[allow(clippy::too_many_arguments, reason = "each is an extractor")]
    async fn return_from_provider(
        &self,
        providers: Data<&Providers>,
        sessions: Data<&Sessions>,
        visitor: Visitor,
        /// The provider's id.
        provider: Path<String>,
        /// What the provider gives to who agreed.
        code: Query<Option<String>>,
        /// What was sent along to the provider.
        state: Query<Option<String>>,
        /// What the provider says instead of a code.
        error: Query<Option<String>>,
        /// Who the provider says it is.
        iss: Query<Option<String>>,
    ) -> Result<Away, Fail<{ E404 | E429 | E503 }>> {
        providers.require(&provider)?;
        let answer = Answer::parse(code.0, state.0.as_deref(), error.0.as_deref(), iss.0);
        Ok(providers.callback(&provider, &sessions, visitor, answer).await?)
    }

    /// Link another way to sign in
    ///
    /// Adds an identity at the provider to one's own account. The answer says where to send the browser; it comes back to
    /// `/settings/?login=linked`, or to `/?login=error&reason=…` for the reasons of signing in, `linked_elsewhere` (somebody else signs in with
    /// it) or `too_many_identities`. All other sessions end. `POST /api/email/link` adds an address.
    #[oai(path = "/api/:provider/link", method = "post", operation_id = "linkProvider")]
    async fn link(
        &self,
        providers: Data<&Providers>,
        auth: Auth,
        visitor: Visitor,
        /// The provider's id.
        provider: Path<String>,
    ) -> Result<Response<Json<LinkBegun>>, Fail<{ UNSAFE | E401 | E404 | E429 | E503 }>> {
        providers.require(&provider)?;
        providers.limits.check_client(Limit::Providers, visitor.ip)?;
        let purpose = Purpose::Link(auth.0.session.user);
        let Begun { location, browser } = providers.begin(&provider, purpose, visitor.browser, None).await.map_err(unavailable)?;
        let answer = Response::new(Json(LinkBegun { ok: true, redirect: location }));
        Ok(answer.header("set-cookie", providers.cookie.set(&browser, policy::LIFETIME)))
    }
}

/// The error of someone who asked a program's question: there is no page to go to.
fn unavailable(fault: Fault) -> Error {
    match fault {
        Fault::Error(error) => error,
        Fault::Stop(stop) => {
            let message = "This provider does not answer at the moment. Please try again later.";
            Error { retry_after: Some(30), ..Error::new(Kind::Unavailable, "provider_unavailable", message) }.caused_by(stop.detail)
        }
    }
}
