//! The two things that the server says to a provider's OAuth endpoints: where a browser should go, and the exchange of a code.

use futures_util::future::BoxFuture;
use openidconnect::{
    AsyncHttpClient, AuthType, AuthUrl, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, JsonWebKeySet, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardErrorResponse, TokenUrl,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    },
    http::StatusCode,
};
use url::Url;

use super::{
    discovery::Metadata,
    profile::Secrets,
    remote::{Remote, Trouble},
    tokens::{FurtherClaims, Tokens},
};
use crate::{
    plugins::{ClientAuthentication, OAuthProvider, Server},
    random::Token,
};

/// Errors of a token endpoint that are about this server and how it is registered, whatever code it is shown.
const OURS: [&str; 6] = [
    "invalid_client",
    "unauthorized_client",
    "incorrect_client_credentials",
    "redirect_uri_mismatch",
    "unsupported_grant_type",
    "invalid_scope",
];

/// The scope that makes a request one for an OpenID provider.
const OPENID: &str = "openid";

type ErrorAnswer = StandardErrorResponse<CoreErrorResponseType>;

type Inner = openidconnect::Client<
    FurtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    ErrorAnswer,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

/// A provider's OAuth endpoints, as this server is registered there.
pub struct Client {
    inner: Inner,
    is_openid: bool,
}

/// How a provider answers a client that shows it a made-up code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Introduction {
    /// It knows the client, and the code is wrong, as it should be.
    Known,
    /// It does not know the client, or the secret is wrong.
    Unknown,
    /// Neither can be read from its answer, which is described here.
    Unclear(String),
}

/// What was asked of the provider: every scope, `openid` among them where it belongs.
pub fn asked(provider: &OAuthProvider) -> Vec<String> {
    let flow = provider.flow();
    let openid = matches!(flow.server, Server::Issuer { .. }).then(|| OPENID.to_owned());
    openid.into_iter().chain(flow.scopes.iter().filter(|scope| *scope != OPENID).cloned()).collect()
}

impl Client {
    /// The endpoints of `provider`, taken from `metadata` if it is an OpenID provider. People come back to `redirect_uri`.
    pub fn new(provider: &OAuthProvider, metadata: Option<&Metadata>, redirect_uri: &str) -> Result<Self, Trouble> {
        let id = ClientId::new(provider.client_id().to_owned());
        let (inner, authorize, token) = match (&provider.flow().server, metadata) {
            (_, Some(metadata)) => {
                let token = metadata.token_endpoint().ok_or_else(|| Trouble::rejected("the discovery document names no token endpoint"))?;
                let inner = openidconnect::Client::new(id, metadata.issuer().clone(), metadata.jwks().clone());
                (inner, metadata.authorization_endpoint().clone(), token.clone())
            }
            (Server::Endpoints { authorize, token }, None) => {
                // The crate wants an issuer; without an ID token it is never looked at.
                let inner = openidconnect::Client::new(id, IssuerUrl::from_url(authorize.clone()), JsonWebKeySet::default());
                (inner.disable_openid_scope(), AuthUrl::from_url(authorize.clone()), TokenUrl::from_url(token.clone()))
            }
            (Server::Issuer { .. }, None) => return Err(Trouble::rejected("the discovery document is missing")),
        };
        let allowed = |url: &Url| provider.allow_list().check(url).map_err(|refused| Trouble::rejected(refused.to_string()));
        allowed(authorize.url())?;
        allowed(token.url())?;
        let mut inner: Inner = inner.set_auth_uri(authorize).set_token_uri(token);
        if let Some(secret) = provider.client_secret() {
            inner = inner.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        inner = inner.set_auth_type(match provider.flow().client_authentication {
            ClientAuthentication::Basic => AuthType::BasicAuth,
            ClientAuthentication::Post => AuthType::RequestBody,
        });
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| Trouble::rejected(format!("{redirect_uri}: {error}")))?;
        Ok(Self { inner: inner.set_redirect_uri(redirect), is_openid: metadata.is_some() })
    }

    /// The authorize address without parameters.
    pub fn authorize_at(&self) -> &Url {
        self.inner.auth_uri().url()
    }

    /// Where the browser goes to ask the person.
    pub fn authorize(&self, provider: &OAuthProvider, secrets: &Secrets<'_>) -> Url {
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier(secrets.pkce_verifier));
        let (state, nonce) = (CsrfToken::new(secrets.state.expose().to_owned()), Nonce::new(secrets.nonce.expose().to_owned()));
        let mut request = self
            .inner
            .authorize_url(AuthenticationFlow::<CoreResponseType>::AuthorizationCode, || state, || nonce)
            .set_pkce_challenge(challenge)
            .add_scopes(asked(provider).into_iter().filter(|scope| scope != OPENID).map(Scope::new));
        for (name, value) in &provider.flow().parameters {
            request = request.add_extra_param(name, value);
        }
        let (url, ..) = request.url();
        if self.is_openid { url } else { without(url, "nonce") }
    }

    /// Shows the provider a made-up code, which it refuses in one way if it knows this server and in another if it does not.
    ///
    /// # Errors
    /// What `http` fails with.
    pub async fn introduce<C, F>(&self, http: &C, made_up: &str, pkce_verifier: &Token) -> Result<Introduction, Trouble>
    where
        C: Fn(HttpRequest) -> F,
        F: Future<Output = Result<HttpResponse, Trouble>>,
    {
        let request = self.inner.exchange_code(AuthorizationCode::new(made_up.to_owned())).set_pkce_verifier(verifier(pkce_verifier));
        let answer: Option<ErrorAnswer> = match request.request_async(http).await {
            Ok(_) => return Ok(Introduction::Unclear("it accepts a made-up code".to_owned())),
            Err(RequestTokenError::Request(trouble)) => return Err(trouble),
            Err(RequestTokenError::ServerResponse(answer)) => Some(answer),
            Err(RequestTokenError::Parse(_, body)) => serde_json::from_slice(&body).ok(),
            Err(RequestTokenError::Other(_)) => None,
        };
        Ok(match answer.as_ref().map(|answer| answer.error().as_ref()) {
            Some("invalid_grant" | "bad_verification_code") => Introduction::Known,
            Some("invalid_client" | "unauthorized_client" | "incorrect_client_credentials") => Introduction::Unknown,
            Some(_) => Introduction::Unclear(answer.map_or_else(String::new, |answer| refused(&answer).to_string())),
            None => Introduction::Unclear("its token endpoint answers a made-up code with something that is no error of OAuth".to_owned()),
        })
    }

    /// Exchanges a code for tokens.
    pub async fn exchange(&self, remote: &Remote, code: String, pkce_verifier: &Token) -> Result<Tokens, Trouble> {
        let request = self.inner.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier(pkce_verifier));
        request.request_async(&TokenEndpoint(remote)).await.map_err(|error| match error {
            RequestTokenError::Request(trouble) => trouble,
            RequestTokenError::ServerResponse(answer) => refused(&answer),
            // Some answer with an error and the status of a success. The text may hold a token, so it is not shown.
            RequestTokenError::Parse(wrong, body) => serde_json::from_slice(&body).map_or_else(
                |_| Trouble::broken(format!("the answer of the token endpoint makes no sense (at `{}`)", wrong.path())),
                |answer| refused(&answer),
            ),
            RequestTokenError::Other(_) => Trouble::broken("the answer of the token endpoint is empty or no JSON"),
        })
    }
}

fn verifier(token: &Token) -> PkceCodeVerifier {
    PkceCodeVerifier::new(token.expose().to_owned())
}

/// The way to a token endpoint, whose refusals are sorted on the way back.
struct TokenEndpoint<'a>(&'a Remote);

impl<'c> AsyncHttpClient<'c> for TokenEndpoint<'_> {
    type Error = Trouble;
    type Future = BoxFuture<'c, Result<HttpResponse, Trouble>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { self.0.send(request).await.and_then(oauth_answer) })
    }
}

/// Sorts out what says no without the words of OAuth, such as a firewall's page. Anybody can cause that with an odd code, so the
/// provider has not failed, unless it says that it has no time.
fn oauth_answer(response: HttpResponse) -> Result<HttpResponse, Trouble> {
    let status = response.status();
    let sentence = || format!("the token endpoint answers {}", status.as_u16());
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Trouble::broken(sentence())),
        _ if !status.is_client_error() || serde_json::from_slice::<ErrorAnswer>(response.body()).is_ok() => Ok(response),
        StatusCode::UNAUTHORIZED => Err(Trouble::rejected(format!("{}: check the client id and the client secret", sentence()))),
        _ => Err(Trouble::provoked(sentence())),
    }
}

/// The sentence about an error of the token endpoint, whose code is shown if it is one word.
fn refused(answer: &ErrorAnswer) -> Trouble {
    let code = answer.error().as_ref();
    let plain = code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let hint = match code {
        "invalid_client" | "unauthorized_client" | "incorrect_client_credentials" => ": check the client id and the client secret",
        "invalid_grant" => ": the code was used before, is too old, or belongs to another redirect address",
        _ => "",
    };
    let sentence = format!("the token endpoint answers {}{hint}", if plain { code } else { "an error" });
    if OURS.contains(&code) { Trouble::rejected(sentence) } else { Trouble::provoked(sentence) }
}

/// `url` without one of its parameters: what the crate adds for OpenID providers is none of the others' business.
fn without(mut url: Url, name: &str) -> Url {
    let kept: Vec<(String, String)> =
        url.query_pairs().filter(|(key, _)| key != name).map(|(key, value)| (key.into(), value.into())).collect();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url
}
