//! Real OAuth servers (`core/tests/tools/oauth_servers.mjs`): one process for all tests of a run.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use community::config::PluginSection;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::process::Process;

/// The running servers.
pub struct OAuthServers {
    /// The process ends when its standard input closes, which is when the tests end.
    _process: Process,
    ready: Ready,
}

#[derive(Deserialize)]
struct Ready {
    servers: BTreeMap<String, String>,
    key: String,
}

/// Somebody's account at an OAuth server. What it says here holds from the next sign-in on.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Account {
    /// Unchanging.
    pub id: String,
    /// The login name.
    pub username: String,
    /// The name that is shown.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// Whether the server has seen that it is theirs.
    pub verified: bool,
    /// A picture: its address, or a hash at Discord.
    pub picture: Option<String>,
    /// Scopes that the person does not agree to.
    pub withheld: Vec<String>,
}

impl Account {
    /// An account with an id that nobody else has, and nothing else but a name.
    pub fn new(username: &str) -> Self {
        // Digits, because that is what Discord's and GitHub's are.
        let id = u64::from_le_bytes(community::random::Random::from_system().bytes::<8>()) >> 12;
        Self { id: (id | 1 << 50).to_string(), username: username.to_owned(), ..Self::default() }
    }

    /// The same with an address.
    #[must_use]
    pub fn with_email(self, address: &str, verified: bool) -> Self {
        Self { email: Some(address.to_owned()), verified, ..self }
    }
}

static SHARED: OnceCell<OAuthServers> = OnceCell::const_new();

impl OAuthServers {
    /// The servers, started by the first test that asks.
    pub async fn shared() -> &'static Self {
        SHARED.get_or_init(|| async { tokio::task::spawn_blocking(Self::start).await.unwrap() }).await
    }

    fn start() -> Self {
        let tools = super::peer("COMMUNITY_TEST_TOOLS");
        let tools = Path::new(&tools);
        let mut command = Command::new(tools.join("bin/node"));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/oauth_servers.mjs")).arg(tools.join("npm/node_modules"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command).expect("COMMUNITY_TEST_TOOLS has no bin/node: run `make test`, or `make peers`");
        let mut ready = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let ready = serde_json::from_str(&ready).expect("the OAuth servers ended at their start: run `make test`, or `make peers`");
        Self { _process: process, ready }
    }

    /// Where a server is: `http://127.0.0.1:PORT`, by its name (`discord`, `reddit`, `github`, `work`, `club`).
    pub fn url(&self, name: &str) -> &str {
        &self.ready.servers[name]
    }

    /// An RSA key in PEM (PKCS #1), for servers that tests make themselves.
    pub fn key(&self) -> &str {
        &self.ready.key
    }

    /// What an operator writes to have people sign in at the server of this name.
    pub fn section(&self, name: &str) -> PluginSection {
        let paths = match name {
            "discord" => ["/api/oauth2/authorize", "/api/oauth2/token", "/api/v10/users/@me"],
            "reddit" => ["/api/v1/authorize", "/api/v1/access_token", "/api/v1/me"],
            "github" => ["/login/oauth/authorize", "/login/oauth/access_token", "/user"],
            _ => return section(Some("bundled:oidc"), name, &[("issuer", "")], self.url(name)),
        };
        let settings: Vec<_> = ["authorize_url", "token_url", "api_url"].into_iter().zip(paths).collect();
        section(None, name, &settings, self.url(name))
    }
}

/// A section whose settings point at paths below `url`.
pub fn section(component: Option<&str>, client: &str, paths: &[(&str, &str)], url: &str) -> PluginSection {
    let mut settings: BTreeMap<_, _> = paths.iter().map(|(setting, path)| ((*setting).to_owned(), format!("{url}{path}"))).collect();
    settings.insert("client_id".to_owned(), format!("{client}-id"));
    settings.insert("client_secret".to_owned(), format!("{client}-secret"));
    PluginSection { component: component.map(str::to_owned), allow_private: true, settings, ..PluginSection::default() }
}
