//! An OpenID provider that misbehaves on demand. Where nothing is to go wrong, tests use [`super::OAuthServers`].

mod body;
mod token;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use community::config::PluginSection;
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use openidconnect::{PrivateSigningKey, core::CoreRsaPrivateSigningKey};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
use url::{Url, form_urlencoded};

use self::body::Body;
pub use self::token::{IdToken, Signature};
use super::{OAuthServers, oauth::section};

/// What it says a code, an access token and a refresh token are, so that tests can look for them.
pub const CODE: &str = "CodeCanary-1f0c2a";
/// The access token.
pub const ACCESS_TOKEN: &str = "AccessCanary-77ab01";
/// The refresh token.
pub const REFRESH_TOKEN: &str = "RefreshCanary-b3c9d2";
/// The client's id; the secret is `faulty-secret`.
pub const CLIENT: &str = "faulty";

/// What an endpoint answers instead of what it should.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// This status and body.
    Answer(u16, &'static str, String),
    /// A redirect to there.
    Redirect(String),
    /// Nothing, though the connection stays open.
    Silence,
    /// This JSON, as soon as somebody says so.
    Held(Arc<Notify>, Value),
    /// What it should, but only after this time.
    Late(Duration),
    /// One byte a second.
    Drip,
    /// JSON that never ends.
    Endless,
}

impl Trouble {
    /// 200 with JSON.
    pub fn json(value: &Value) -> Self {
        Self::Answer(200, "application/json", value.to_string())
    }
}

/// One endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// Where people are sent; they come back at once.
    Authorize,
    /// The exchange of the code.
    Token,
    /// The keys.
    Keys,
    /// The person.
    UserInfo,
}

/// The running provider; it ends with this value.
pub struct FaultyProvider {
    state: Arc<State>,
    task: JoinHandle<()>,
}

type Forge = Arc<dyn Fn(&mut IdToken) + Send + Sync>;

struct State {
    address: SocketAddr,
    key: CoreRsaPrivateSigningKey,
    trouble: Mutex<BTreeMap<Endpoint, Trouble>>,
    asked: Mutex<BTreeMap<Endpoint, usize>>,
    forge: Mutex<Forge>,
    /// What people brought along, by the code that they were sent back with.
    nonces: Mutex<BTreeMap<String, String>>,
    sent: Arc<AtomicUsize>,
}

impl FaultyProvider {
    /// Starts one that behaves, for now.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(State {
            address: listener.local_addr().unwrap(),
            key: token::key(OAuthServers::shared().await.key()),
            trouble: Mutex::default(),
            asked: Mutex::default(),
            forge: Mutex::new(Arc::new(|_| ())),
            nonces: Mutex::default(),
            sent: Arc::default(),
        });
        let task = tokio::spawn(serve(listener, state.clone()));
        Self { state, task }
    }

    /// Its address, which is also its issuer.
    pub fn url(&self) -> String {
        self.state.url()
    }

    /// What an operator writes to have people sign in here.
    pub fn section(&self) -> PluginSection {
        section(Some("bundled:oidc"), CLIENT, &[("issuer", "")], &self.url())
    }

    /// From now on `endpoint` misbehaves.
    pub fn trouble(&self, endpoint: Endpoint, trouble: Trouble) {
        self.state.trouble.lock().unwrap().insert(endpoint, trouble);
    }

    /// Ends it: from now on its port is closed.
    pub async fn go_down(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// From now on everything is as it should be.
    pub fn heal(&self) {
        self.state.trouble.lock().unwrap().clear();
        self.forge(|_| ());
    }

    /// From now on ID tokens are changed by `forge` before they are signed.
    pub fn forge(&self, forge: impl Fn(&mut IdToken) + Send + Sync + 'static) {
        *self.state.forge.lock().unwrap() = Arc::new(forge);
    }

    /// How often `endpoint` was asked.
    pub fn asked(&self, endpoint: Endpoint) -> usize {
        self.state.asked.lock().unwrap().get(&endpoint).copied().unwrap_or(0)
    }

    /// How many bytes of endless answers were taken.
    pub fn sent(&self) -> usize {
        self.state.sent.load(Ordering::SeqCst)
    }

    /// The document with its keys.
    pub fn keys(&self) -> Value {
        self.state.keys()
    }
}

impl Drop for FaultyProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        let service = service_fn(move |request| {
            let state = state.clone();
            async move { Ok::<_, Infallible>(state.answer(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl State {
    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let endpoint = match request.uri().path() {
            "/.well-known/openid-configuration" => Endpoint::Discovery,
            "/authorize" => Endpoint::Authorize,
            "/token" => Endpoint::Token,
            "/keys" => Endpoint::Keys,
            "/userinfo" => Endpoint::UserInfo,
            _ => return body::text(404, "text/plain", "nothing"),
        };
        *self.asked.lock().unwrap().entry(endpoint).or_default() += 1;
        let trouble = self.trouble.lock().unwrap().get(&endpoint).cloned();
        match trouble {
            None => self.behave(endpoint, request).await,
            Some(Trouble::Late(time)) => {
                tokio::time::sleep(time).await;
                self.behave(endpoint, request).await
            }
            Some(Trouble::Answer(status, kind, text)) => body::text(status, kind, &text),
            Some(Trouble::Redirect(target)) => body::redirect(&target),
            Some(Trouble::Silence) => std::future::pending().await,
            Some(Trouble::Held(leave, json)) => {
                leave.notified().await;
                body::text(200, "application/json", &json.to_string())
            }
            Some(Trouble::Drip) => body::drip(),
            Some(Trouble::Endless) => body::endless(self.sent.clone()),
        }
    }

    async fn behave(&self, endpoint: Endpoint, request: Request<Incoming>) -> Response<Body> {
        if endpoint == Endpoint::Authorize {
            return self.authorize(request.uri().query().unwrap_or_default());
        }
        let form = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let code = form_urlencoded::parse(&form).find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        body::text(200, "application/json", &self.document(endpoint, &code.unwrap_or_default()).to_string())
    }

    /// Sends everybody back with a code of their own, and remembers the nonce.
    fn authorize(&self, query: &str) -> Response<Body> {
        let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut nonces = self.nonces.lock().unwrap();
        let code = format!("{CODE}-{:04}", nonces.len());
        nonces.extend(query.get("nonce").map(|nonce| (code.clone(), nonce.clone())));
        let mut target = Url::parse(&query["redirect_uri"]).unwrap();
        target.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        body::redirect(target.as_str())
    }

    fn document(&self, endpoint: Endpoint, code: &str) -> Value {
        let url = self.url();
        match endpoint {
            Endpoint::Discovery | Endpoint::Authorize => json!({
                "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/keys"), "userinfo_endpoint": format!("{url}/userinfo"), "response_types_supported": ["code"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }),
            Endpoint::Token => json!({
                "access_token": ACCESS_TOKEN, "refresh_token": REFRESH_TOKEN, "token_type": "Bearer", "expires_in": 3600,
                "scope": "openid profile email", "id_token": self.id_token(code),
            }),
            Endpoint::Keys => self.keys(),
            Endpoint::UserInfo => Self::claims(),
        }
    }

    /// With the nonce of whoever got this code, or else of the last person.
    fn id_token(&self, code: &str) -> String {
        let nonces = self.nonces.lock().unwrap();
        let nonce = nonces.get(code).or_else(|| nonces.values().next_back());
        let claims = token::times(Self::claims(), &self.url(), nonce.map(String::as_str));
        drop(nonces);
        let mut token = IdToken::new(claims);
        let forge = self.forge.lock().unwrap().clone();
        forge(&mut token);
        token.encode(&self.key)
    }

    fn claims() -> Value {
        json!({ "sub": "subject-1", "preferred_username": "Fay", "name": "Fay F", "email": "fay@example.org", "email_verified": true })
    }

    fn keys(&self) -> Value {
        json!({ "keys": [serde_json::to_value(self.key.as_verification_key()).unwrap()] })
    }
}
