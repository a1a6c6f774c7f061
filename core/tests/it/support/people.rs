//! People with verified accounts, signed in, without the way over mail and password.

use community::{
    actor::Role,
    config::AuthSection,
    email::{
        actions::open_account,
        hasher::Hasher,
        model::{Applicant, Password},
    },
    ids::UserId,
    random::Random,
    sessions::{actions, cookie, model::NewSession},
};
use tokio::sync::OnceCell;

use super::{Client, TestServer};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse";

/// Hashed once for all tests of a run.
static HASH: OnceCell<String> = OnceCell::const_new();

/// Somebody with an account, signed in with [`Person::client`].
pub struct Person {
    /// The opaque id.
    pub id: UserId,
    /// The name that others see.
    pub username: String,
    /// The address to sign in with.
    pub email: String,
    /// A client that has the session's cookie.
    pub client: Client,
    /// The cookie's name.
    pub cookie_name: &'static str,
}

impl TestServer {
    /// Makes `name@example.org` a member and signs them in.
    pub async fn member(&self, name: &str) -> Person {
        self.person(name, Role::User).await
    }

    /// Makes `name@example.org` an admin and signs them in.
    pub async fn admin(&self, name: &str) -> Person {
        self.person(name, Role::Admin).await
    }

    async fn person(&self, name: &str, role: Role) -> Person {
        let email = format!("{}@example.org", name.to_lowercase());
        let phc = HASH.get_or_init(hash).await.clone();
        let applicant = Applicant { subject: email.clone(), address: email.clone(), username: name.to_owned(), phc };
        let store = self.store().await;
        let work = (applicant, role);
        let (user, _) = store.write(work, |tx, (applicant, role)| Box::pin(open_account(tx, applicant, *role))).await.unwrap();
        let person = Person {
            id: user.id,
            username: name.to_owned(),
            email,
            client: self.client(),
            cookie_name: cookie::of_site(&self.config.base_url(), &self.config.cors).name(),
        };
        let cookie = self.new_session(&person, role).await;
        person.client.set_cookie(person.cookie_name, &cookie);
        person
    }

    /// Begins one more session for `person` and gives its cookie's value.
    pub async fn new_session(&self, person: &Person, role: Role) -> String {
        let new = NewSession {
            user: person.id.clone(),
            role,
            provider: community::email::PROVIDER.to_owned(),
            identity: None,
            client: "test".to_owned(),
            replaces: None,
            rules: self.config.sessions.clone(),
        };
        let (_, token) = self.store().await.write(new, |tx, new| Box::pin(actions::start(tx, new))).await.unwrap();
        token.expose().to_owned()
    }
}

async fn hash() -> String {
    let hasher = Hasher::start(&AuthSection::default(), Random::from_system().into()).unwrap();
    hasher.hash(Password::parse(PASSWORD).unwrap()).await.unwrap()
}
