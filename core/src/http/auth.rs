//! Who sends a request: the session cookie as a security scheme of the OpenAPI document.

use std::sync::Arc;

use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderMap, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::{client_ip::ClientIp, data, error::Failure};
use crate::{
    actor::Actor,
    bots::gate::{Bots, Credentials},
    clock::Clock,
    config::SessionsSection,
    cookie::{Presented, TokenCookie},
    error::{Error, Result},
    random::Token,
    sessions::{
        self,
        model::{Lifetime, SessionPlan, SignedIn},
    },
    store::Store,
};

/// The scheme's name in the OpenAPI document.
pub const SCHEME: &str = "session";
/// The name of the scheme for bots.
pub const BOT_SCHEME: &str = "bot";

/// What it takes to know who sends a request. Every request carries it.
#[derive(Clone)]
pub struct Sessions {
    /// Where sessions are.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How the cookie is called.
    pub cookie: TokenCookie,
    /// Lifetimes.
    pub rules: SessionsSection,
}

impl Sessions {
    /// Who sends a request with these headers; `None` for nobody that we know.
    pub async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<SignedIn>> {
        let Presented::Token(token) = self.cookie.read(headers) else { return Ok(None) };
        let now = self.clock.now();
        let Some(found) = sessions::queries::signed_in(self.store.reader(), &token, now).await? else { return Ok(None) };
        if found.session.wants_touch(now) {
            let input = (found.session.clone(), found.role, self.rules.clone());
            let touched =
                self.store.write(input, |tx, (session, role, rules)| Box::pin(sessions::actions::touch(tx, session, *role, rules)));
            if let Err(error) = touched.await {
                tracing::warn!(%error, "the use of a session could not be written down");
            }
        }
        Ok(Some(found))
    }

    /// How a session begins for whoever turns out to be signing in.
    pub fn plan(&self, client: ClientName, present: MaybeAuth) -> SessionPlan {
        SessionPlan { client: client.0, replaces: present.0.map(|who| who.session), rules: self.rules.clone() }
    }

    /// The `Set-Cookie` value that hands out a session's secret.
    pub fn hand_out(&self, secret: &Token) -> String {
        self.cookie.set(secret, Lifetime::longest(&self.rules))
    }

    fn of(request: &Request) -> Result<&Self> {
        data::find(request)
    }
}

/// A signed-in sender; without one the answer is 401 `login_required`.
#[derive(Debug)]
pub struct Auth(pub SignedIn);

impl<'a> ApiExtractor<'a> for Auth {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_session(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let found = Sessions::of(request).map_err(Failure)?.signed_in(request.headers()).await.map_err(Failure)?;
        Ok(Self(found.ok_or_else(Error::login_required).map_err(Failure)?))
    }
}

fn register_session(registry: &mut Registry) {
    let description = "The cookie that signing in sets. It is called `__Host-community_sid` where the site is on https.";
    registry.create_security_scheme(
        SCHEME,
        MetaSecurityScheme {
            ty: "apiKey",
            description: Some(description),
            name: Some("community_sid"),
            key_in: Some("cookie"),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        },
    );
}

/// A signed-in sender, or a bot that presents its token as `Authorization: Bearer`. Without either the answer is 401 `login_required`,
/// with a wrong token `invalid_bot_token`.
#[derive(Debug)]
pub struct Caller {
    /// Who sends the request.
    pub actor: Actor,
    /// The name that others see.
    pub name: String,
}

impl Caller {
    async fn of(request: &Request) -> Result<Self> {
        let Some(token) = bearer(request) else {
            let found = Sessions::of(request)?.signed_in(request.headers()).await?.ok_or_else(Error::login_required)?;
            return Ok(Self { actor: found.actor(), name: found.username });
        };
        let bots: &Bots = data::find(request)?;
        let client = request.data::<ClientIp>().map(|client| client.key()).unwrap_or_default();
        let known = bots.authenticate(Credentials { token, id: None, name: None, client: &client }).await?;
        Ok(Self { actor: known.actor(), name: known.bot.name.as_str().to_owned() })
    }
}

/// The token of a request. Other schemes are a matter of a proxy in front.
fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_session(registry);
        let description = "The token of a bot: one that `community bot create` printed, or that of `CHAT_BOT_TOKEN`.";
        registry.create_security_scheme(
            BOT_SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some(description),
                name: None,
                key_in: None,
                scheme: Some("bearer"),
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME, BOT_SCHEME]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self::of(request).await.map_err(Failure)?)
    }
}

/// A sender who may be signed in.
#[derive(Debug)]
pub struct MaybeAuth(pub Option<SignedIn>);

impl<'a> FromRequest<'a> for MaybeAuth {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(Sessions::of(request).map_err(Failure)?.signed_in(request.headers()).await.map_err(Failure)?))
    }
}

/// What a browser or program calls itself.
#[derive(Debug)]
pub struct ClientName(pub String);

impl<'a> FromRequest<'a> for ClientName {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(request.header(header::USER_AGENT).unwrap_or_default().to_owned()))
    }
}
