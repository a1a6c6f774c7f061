//! What the database layer promises, on both databases: durability, events, and what happens when something breaks.

mod batch;
mod crash;
mod events;
mod faults;
mod following;
mod full;
mod outage;
mod postmaster;
mod schema;
mod settings;

use std::sync::Arc;

use community::{
    clock::SystemClock,
    config::{DatabaseSection, SecretUrl},
    ids::UserId,
    random::Random,
    store::Store,
};
use tempfile::TempDir;

use crate::support::{Binary, Client, Database, Db, PASSWORD, Person};

/// A store of its own, with a folder that goes with it.
pub struct Own {
    pub store: Store,
    pub database: Database,
    pub folder: TempDir,
}

impl Own {
    pub async fn open(db: Db) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(db, folder.path()).await;
        let store = connect(&database.url, folder.path()).await;
        Self { store, database, folder }
    }

    /// The same database as another process has it.
    pub async fn other(&self) -> Store {
        connect(&self.database.url, self.folder.path()).await
    }
}

/// A store on the database at `url`.
pub async fn connect(url: &str, folder: &std::path::Path) -> Store {
    let section = DatabaseSection { url: Some(SecretUrl::new(url.to_owned())), ..DatabaseSection::default() };
    Store::open(&section, folder, Arc::new(SystemClock), Arc::new(Random::from_system())).await.unwrap()
}

/// The binary's database beside it.
pub async fn open(binary: &Binary) -> Store {
    connect(&binary.database().url, &binary.folder().join("data")).await
}

/// Makes `name@example.org` a member of the binary's community and signs them in.
pub async fn member(binary: &Binary, name: &str) -> Person {
    let email = format!("{}@example.org", name.to_lowercase());
    let id = binary.run_well(&["user", "create", "--email", &email, "--username", name, "--password-stdin"], PASSWORD).await;
    let (client, cookie_name) = (binary.client(), "community_sid");
    sign_in(binary, &email, &client).await;
    Person { id: UserId::parse(id.trim()).unwrap(), username: name.to_owned(), email, client, cookie_name }
}

/// Begins a session from the shell and puts its cookie into the client's jar.
pub async fn sign_in(binary: &Binary, who: &str, client: &Client) {
    let cookie = binary.run_well(&["user", "session", who], "").await;
    let (name, value) = cookie.trim().split_once('=').unwrap();
    client.set_cookie(name, value);
}
