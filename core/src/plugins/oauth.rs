//! Redirect providers, typed: what the server asks them and what it gets.

use std::sync::Arc;

use tokio::sync::SemaphorePermit;
use url::Url;

use super::{
    Subject, Unavailable, answers,
    bindings::oauth::{OauthProviderPre, exports::openclaw::provider::oauth as guest},
    call::{Caller, ask},
    client::Client,
    state::GuestState,
};
use crate::{
    config::{Config, Secret},
    outbound::AllowList,
};

/// The community that people sign in to, as plugins are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Its public address, without a slash at the end.
    pub url: String,
}

impl Site {
    /// The community of this configuration.
    pub fn of(config: &Config) -> Self {
        Self { name: config.site.name.clone(), url: config.base_url().origin() }
    }
}

/// How signing in with a provider goes, from its settings alone. Every address is one that the operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// What people call the provider: 1 to 64 printable characters.
    pub name: String,
    /// Where people sign in.
    pub server: Server,
    /// What is asked for: at most 32 scope tokens.
    pub scopes: Vec<String>,
    /// Further parameters of the authorize address, none of them the host's own: at most 16 names and values.
    pub parameters: Vec<(String, String)>,
    /// How the host proves who it is.
    pub client_authentication: ClientAuthentication,
    /// What to fetch about the person, in this order: at most 4.
    pub sources: Vec<Source>,
    /// How the host introduces itself, if not as usual: a valid header value.
    pub user_agent: Option<String>,
}

/// Where people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    /// An OAuth 2.0 server that is not an OpenID provider.
    Endpoints {
        /// Where people are sent to agree.
        authorize: Url,
        /// Where a code is exchanged for a token.
        token: Url,
    },
    /// An OpenID provider, whose discovery document says the rest. What that document names is not checked yet.
    Issuer {
        /// The issuer to the letter, as tokens have to carry it.
        name: String,
        /// The same, parsed.
        url: Url,
    },
}

/// How the host proves to the token endpoint that it is the registered client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// HTTP Basic authentication.
    Basic,
    /// `client_id` and `client_secret` in the form.
    Post,
}

/// A document about the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// By GET from this address, with the access token.
    Url(Url),
    /// From the `UserInfo` endpoint of an OpenID provider.
    UserInfo,
}

/// What was fetched from one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The status, 200 to 499.
    pub status: u16,
    /// The bytes, not interpreted: at most 256 KiB.
    pub body: Vec<u8>,
}

/// What the provider's site said about the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The claims of the verified ID token as JSON, where there is one.
    pub claims: Option<String>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// One document for each source, in their order.
    pub documents: Vec<Document>,
}

/// Who signed in, fit to be stored and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who this is, within the provider.
    pub subject: Subject,
    /// What the person is called there: 1 to 64 characters, fit for a user name.
    pub username: String,
    /// The name to be shown to others, if it is another one: 1 to 64 characters, fit for a user name.
    pub display_name: Option<String>,
    /// The address of a picture: `https`, at most 2048 bytes.
    pub avatar: Option<String>,
    /// The address, where there is one. It never decides whose account this is.
    pub email: Option<Email>,
}

/// An address, as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The address: plain ASCII, at most 254 bytes, parses as a mailbox.
    pub address: String,
    /// Whether the provider says that it belongs to the person.
    pub verified: bool,
}

/// Why nobody is signed in. The sentences are for the operator's log: one printable line of at most 500 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The answers of the site are not what they should be.
    Unexpected(String),
    /// This person may not sign in here.
    Refused(String),
}

/// A running provider on the `oauth` interface. Cheap to clone.
///
/// Every call runs in a fresh instance, and an answer that breaks the rules above counts as a failed call.
#[derive(Clone)]
pub struct OAuthProvider {
    guest: Guest,
    client: Arc<Client>,
    flow: Arc<Flow>,
}

#[derive(Clone)]
struct Guest {
    caller: Arc<Caller>,
    component: OauthProviderPre<GuestState>,
}

impl OAuthProvider {
    /// Asks the component how signing in goes and keeps the answer; or says why it cannot.
    pub(super) async fn start(
        caller: Caller,
        component: OauthProviderPre<GuestState>,
        client: Client,
        site: &Site,
    ) -> Result<Self, Unavailable> {
        let guest = Guest { caller: Arc::new(caller), component };
        let site = guest::Site { name: site.name.clone(), url: site.url.clone() };
        let check = |answer| answers::flow::flow(answer, &client.allowed);
        let flow = ask!(guest, openclaw_provider_oauth, "authorization", call_authorization(site), check)?;
        let flow = flow.map_err(|sentence| Unavailable::new(format!("plugin `{}` is not set up: {sentence}", guest.caller.id())))?;
        Ok(Self { guest, client: Arc::new(client), flow: Arc::new(flow) })
    }

    /// The id of the plugin, which is also the name of the provider.
    pub fn id(&self) -> &str {
        self.guest.caller.id()
    }

    /// A name for what is known of the provider's site while this loading of the plugin is at work: loaded anew, it may be another.
    pub fn loaded_as(&self) -> &str {
        &self.client.loaded_as
    }

    /// A hash of the section that the plugin was loaded with.
    pub fn fingerprint(&self) -> &str {
        &self.client.fingerprint
    }

    /// How signing in goes.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// What the provider's site calls this server: 1 to 512 printable ASCII characters.
    pub fn client_id(&self) -> &str {
        &self.client.id
    }

    /// What proves it; public clients have none.
    pub fn client_secret(&self) -> Option<&Secret> {
        self.client.secret.as_ref()
    }

    /// Where the host may go on behalf of this provider.
    pub fn allow_list(&self) -> &AllowList {
        &self.client.allowed
    }

    /// Waits until the host may make one more request on behalf of this provider; it may until what this returns is dropped.
    pub async fn request_slot(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.client.requests.acquire().await.ok()
    }

    /// Who the profile belongs to, or why nobody is signed in.
    pub async fn identify(&self, profile: Profile) -> Result<Result<Identity, Failure>, Unavailable> {
        let profile = profile.into_guest();
        ask!(self.guest, openclaw_provider_oauth, "identify", call_identify(profile), answers::oauth::identity)
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.guest.caller
    }
}

impl Profile {
    fn into_guest(self) -> guest::Profile {
        let documents = self.documents.into_iter().map(|Document { status, body }| guest::Document { status, body });
        guest::Profile { claims: self.claims, scopes: self.scopes, documents: documents.collect() }
    }
}
