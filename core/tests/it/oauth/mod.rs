//! Signing in at other sites.

mod callbacks;
mod canary;
mod codes;
mod example;
mod faults;
mod flood;
mod forged;
mod identities;
mod instances;
mod keys;
mod linking;
mod next;
mod off;
mod operating;
mod states;
mod stories;
mod transactions;

use std::time::Duration;

use community::{
    clock::{Clock, SystemClock},
    config::{Config, PluginSection, Rate},
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use crate::support::{Account, Browser, Client, Db, FaultyProvider, OAuthServers, Person, TestServer};

/// Where a sign-in ends that was given no other place.
pub const OK: &str = "/?login=ok";
/// Where people end who did not agree.
pub const DENIED: &str = "/?login=error&reason=denied";
/// Where an answer ends that belongs to nothing.
pub const STATE: &str = "/?login=error&reason=state";
/// Where people end when the provider does not do its part.
pub const PROVIDER: &str = "/?login=error&reason=provider";

/// Asks PostgreSQL how many transactions of this database wait for another.
pub const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// How far the server's clock is ahead of the providers', so that it may stand still.
const AHEAD: Duration = Duration::from_secs(50);

/// A community where people sign in at the real servers of these names, as often as they like.
pub async fn community(db: Db, providers: &[&str]) -> TestServer {
    let servers = OAuthServers::shared().await;
    let sections: Vec<_> = providers.iter().map(|name| (*name, servers.section(name))).collect();
    community_with(db, &sections, |_| ()).await
}

/// A community where people sign in at a provider of the name `faulty`.
pub async fn faulty_community(db: Db) -> (TestServer, FaultyProvider) {
    let provider = FaultyProvider::start().await;
    let server = community_with(db, &[("faulty", provider.section())], |_| ()).await;
    (server, provider)
}

/// A community with these plugins.
pub async fn community_with(db: Db, plugins: &[(&str, PluginSection)], change: impl FnOnce(&mut Config)) -> TestServer {
    let server = TestServer::start_with(db, |config| {
        config.plugins.extend(plugins.iter().map(|(id, section)| ((*id).to_owned(), section.clone())));
        config.limits.providers = Rate::UNLIMITED;
        config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
        change(config);
    });
    let server = server.await;
    // ID tokens carry the time of the real servers.
    server.clock.advance(SystemClock.now().plus(AHEAD).since(server.now()));
    server
}

/// A browser of a new visitor.
pub fn browser(server: &TestServer) -> Browser {
    Browser::new(&server.url(), server.client())
}

/// A browser in which somebody is signed in already.
pub fn browser_of(server: &TestServer, person: &Person) -> Browser {
    Browser::new(&server.url(), person.client.clone())
}

/// The identities of who is signed in.
pub async fn identities(client: &Client) -> Vec<Value> {
    client.get("/api/identities").await.expect(200).json()["identities"].as_array().unwrap().clone()
}

/// Asserts that nobody is signed in.
pub async fn nobody(client: &Client) {
    client.get("/api/me").await.expect_error(401, "login_required");
}

/// The number that a query answers.
pub async fn count(server: &TestServer, query: &str) -> i64 {
    let connection = server.database().connect().await;
    let backend = connection.get_database_backend();
    let row = connection.query_one_raw(Statement::from_string(backend, query)).await.unwrap().unwrap();
    connection.close().await.unwrap();
    row.try_get_by_index(0).unwrap()
}

/// How often each function of each plugin was called.
pub async fn plugin_calls(server: &TestServer) -> Vec<String> {
    let counters = Client::new(format!("http://{}", server.running().metrics_addr.unwrap()));
    let text = counters.get("/metrics").await.expect(200).text();
    text.lines().filter(|line| line.starts_with("community_plugin_calls_total")).map(str::to_owned).collect()
}

/// How many accounts there are.
pub async fn accounts(server: &TestServer) -> i64 {
    count(server, "SELECT COUNT(*) FROM users").await
}

/// Runs one statement beside the server.
pub async fn execute(server: &TestServer, statement: &str) {
    let connection = server.database().connect().await;
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

/// A person who may do without an address.
pub fn someone(username: &str) -> Account {
    Account::new(username)
}
