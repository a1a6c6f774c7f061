//! A browser with somebody in front of it: keeps the cookies of every site, follows redirects and remembers each step.

use std::collections::BTreeMap;

use serde_json::json;
use url::Url;

use super::{Account, Answer, Client};

/// More redirects than any sign-in has.
const MOST_HOPS: usize = 12;

/// A browser. Its first site is the community's.
pub struct Browser {
    /// The community's server.
    pub site: Client,
    home: Url,
    elsewhere: BTreeMap<String, Client>,
    person: Person,
    hops: Vec<Hop>,
}

/// One request of a browser and what it got.
#[derive(Debug, Clone)]
pub struct Hop {
    /// The address.
    pub url: Url,
    /// The answer.
    pub answer: Answer,
}

/// What the person does when a provider asks.
enum Person {
    SignsIn(Account),
    Cancels,
}

impl Browser {
    /// A new one, for the community whose public address is `home` and which answers `site`.
    pub fn new(home: &str, site: Client) -> Self {
        Self { site, home: Url::parse(home).unwrap(), elsewhere: BTreeMap::new(), person: Person::Cancels, hops: Vec::new() }
    }

    /// From now on this person sits there; other sites know nobody yet.
    pub fn sit_down(&mut self, account: &Account) -> &mut Self {
        self.elsewhere.clear();
        self.person = Person::SignsIn(account.clone());
        self
    }

    /// From now on whoever sits there agrees to nothing.
    pub fn say_no(&mut self) -> &mut Self {
        self.elsewhere.clear();
        self.person = Person::Cancels;
        self
    }

    /// Signs in with an account; gives where that ended, as path and query.
    pub async fn sign_in(&mut self, provider: &str, account: &Account) -> String {
        self.sit_down(account).open(&login_path(provider)).await
    }

    /// Adds an account to that of the person who is signed in; gives where that ended.
    pub async fn link(&mut self, provider: &str, account: &Account) -> String {
        self.sit_down(account);
        let begun = self.begin_link(provider).await;
        self.go_on(begun).await
    }

    /// Presses the button that begins to link; gives where that leads.
    pub async fn begin_link(&mut self, provider: &str) -> Url {
        let origin = self.home.origin().ascii_serialization();
        let path = format!("/api/{provider}/link");
        let call = self.site.call("POST", &path).header("origin", origin).header("sec-fetch-site", "same-origin");
        let begun = call.send().await.expect(200).json();
        Url::parse(begun["redirect"].as_str().unwrap()).unwrap()
    }

    /// Opens an address (a path is one of the community's) and follows it to its end; gives path and query of the last page.
    pub async fn open(&mut self, address: &str) -> String {
        let url = self.home.join(address).unwrap();
        self.travel(url, |_| false).await;
        self.place()
    }

    /// Begins a sign-in and stops before the browser comes back to the community; gives the address it would open.
    pub async fn begin(&mut self, provider: &str, account: &Account) -> Url {
        let url = self.home.join(&login_path(provider)).unwrap();
        self.sit_down(account).travel(url, |url| url.path().ends_with("/callback")).await.expect("a sign-in comes back")
    }

    /// Goes on from an address that [`Browser::begin`] stopped at, or begins to link with.
    pub async fn go_on(&mut self, url: Url) -> String {
        self.travel(url, |_| false).await;
        self.place()
    }

    /// Like [`Browser::go_on`], stopping before the community again.
    pub async fn go_until_back(&mut self, url: Url) -> Url {
        self.travel(url, |url| url.path().ends_with("/callback")).await.expect("a sign-in comes back")
    }

    /// Every step since the last address was opened.
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// The step to the first address whose path ends like this.
    pub fn hop(&self, path: &str) -> &Hop {
        let found = self.hops.iter().find(|hop| hop.url.path().ends_with(path));
        found.unwrap_or_else(|| panic!("never at {path}: {:?}", self.hops.iter().map(|hop| hop.url.as_str()).collect::<Vec<_>>()))
    }

    /// The last answer.
    pub fn answer(&self) -> &Answer {
        &self.hops.last().expect("nothing was opened").answer
    }

    /// Path and query of where the browser is.
    pub fn place(&self) -> String {
        let url = &self.hops.last().expect("nothing was opened").url;
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Who the community says is signed in.
    pub async fn me(&self) -> serde_json::Value {
        self.site.get("/api/me").await.expect(200).json()["user"].clone()
    }

    /// Follows redirects from `url` until there are no more, or the next would match `stop`, which it then gives.
    async fn travel(&mut self, url: Url, stop: impl Fn(&Url) -> bool) -> Option<Url> {
        self.hops.clear();
        let (mut url, mut abroad) = (url, false);
        while !stop(&url) {
            assert!(self.hops.len() < MOST_HOPS, "redirected for ever: {:?}", self.hops);
            abroad |= url.origin() != self.home.origin();
            let answer = self.ask(&url, abroad).await;
            let location = answer.header("location").filter(|_| matches!(answer.status, 302 | 303 | 307)).map(str::to_owned);
            self.hops.push(Hop { url: url.clone(), answer });
            url = url.join(&location?).unwrap();
        }
        Some(url)
    }

    /// One step, with the headers by which browsers say how a person got there; on a sign-in page it is the person's turn.
    async fn ask(&mut self, url: &Url, abroad: bool) -> Answer {
        let origin = url.origin();
        let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html")];
        if origin == self.home.origin() {
            let from = if abroad { "cross-site" } else { "same-origin" };
            let call = self.site.call("GET", url.as_str()).header("sec-fetch-site", from);
            return navigation.into_iter().fold(call, |call, (name, value)| call.header(name, value)).send().await;
        }
        let client = self.elsewhere.entry(origin.ascii_serialization()).or_insert_with_key(|origin| Client::new(origin.as_str()));
        if !url.path().starts_with("/interaction/") {
            return navigation
                .into_iter()
                .fold(client.call("GET", url.as_str()), |call, (name, value)| call.header(name, value))
                .send()
                .await;
        }
        let said = match &self.person {
            Person::SignsIn(account) => json!({ "account": account }),
            Person::Cancels => json!({ "cancel": true }),
        };
        client.post(url.as_str(), said).await
    }
}

/// The value of a parameter in an address.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The same address with another value of a parameter, or without it.
pub fn with_parameter(url: &Url, name: &str, value: Option<&str>) -> Url {
    let pairs: Vec<_> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs).extend_pairs(value.map(|value| (name, value)));
    url
}

/// Where a sign-in begins. Discord's is the one that has no name in its path.
pub fn login_path(provider: &str) -> String {
    if provider == "discord" { "/api/login".to_owned() } else { format!("/api/{provider}/login") }
}
