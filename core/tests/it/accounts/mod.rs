//! Accounts, the ways to sign in to them, and what the operator does with them.

mod commands;
mod erasing;
mod events;
mod exporting;
mod identities;
mod linking;
mod renaming;

use community::{
    accounts::{
        actions,
        model::{Identity, Profile, SignIn},
    },
    error::Result,
    ids::{SessionId, UserId},
    sessions::{self, cookie, model::SessionPlan},
};
use serde_json::Value;

use crate::support::{Client, TestServer};

/// What a provider tells of somebody who has no address there.
fn profile(provider: &str, subject: &str) -> Profile {
    Profile {
        provider: provider.to_owned(),
        subject: subject.to_owned(),
        handle: Some(format!("{subject}_handle")),
        email: None,
        email_verified: false,
        avatar: None,
        username: subject.to_owned(),
    }
}

async fn sign_in(server: &TestServer, profile: &Profile) -> Result<SignIn> {
    server.store().await.write(profile.clone(), |tx, profile| Box::pin(actions::sign_in(tx, profile))).await
}

/// Signs in whomever the provider vouches for, with a browser of their own.
async fn enter(server: &TestServer, profile: &Profile) -> (SignIn, Client) {
    let found = sign_in(server, profile).await.unwrap();
    let plan = SessionPlan { client: "test".to_owned(), replaces: None, rules: server.config.sessions.clone() };
    let new = plan.of(&found.user.id, found.user.role, &profile.provider, &found.identity.id);
    let (_, token) = server.store().await.write(new, |tx, new| Box::pin(sessions::actions::start(tx, new))).await.unwrap();
    let client = server.client();
    client.set_cookie(cookie::of_site(&server.config.base_url(), &server.config.cors).name(), token.expose());
    (found, client)
}

/// Links an identity to the account that `client` is signed in to.
async fn link(server: &TestServer, client: &Client, profile: &Profile) -> Result<Identity> {
    let user = UserId::parse(me(client).await["id"].as_str().unwrap()).unwrap();
    let input = (user, profile.clone(), session(client).await);
    server.store().await.write(input, |tx, (user, profile, keep)| Box::pin(actions::link(tx, user, profile, keep))).await
}

/// The id of the session of `client`.
async fn session(client: &Client) -> SessionId {
    let list = client.get("/api/sessions").await.expect(200).json();
    let own = list["sessions"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
    SessionId::parse(own["id"].as_str().unwrap()).unwrap()
}

async fn me(client: &Client) -> Value {
    client.get("/api/me").await.expect(200).json()["user"].clone()
}

async fn list(client: &Client) -> Vec<Value> {
    client.get("/api/identities").await.expect(200).json()["identities"].as_array().unwrap().clone()
}
