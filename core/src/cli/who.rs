//! Finding the account that an operator means, by whatever `community user list` prints of it.

use crate::{
    accounts::{
        model::{Identity, User},
        queries,
    },
    email::PROVIDER,
    ids::UserId,
    serve::App,
};

/// What an operator may write, for the help of commands.
pub const WHO: &str = "Id, address, or provider:name, as in `community user list`";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The one account that `who` means: an id, an address, or `provider:name`. Names and addresses at other sites are in the hands of the
/// people there, so what fits several accounts, or an address that nobody vouches for, means none.
pub async fn find(app: &App, who: &str) -> Outcome<User> {
    let reader = app.store.reader();
    if let Some(id) = UserId::parse(who) {
        return queries::by_id(reader, &id).await?.ok_or_else(|| nobody(who));
    }
    if let Some((provider, name)) = who.split_once(':').filter(|(provider, _)| !provider.contains('@')) {
        return one(app, who, queries::identities_called(reader, provider, name).await?).await;
    }
    let refusal = match app.flows.plugins.password(PROVIDER) {
        Ok(provider) => match provider.check_login(who).await? {
            Ok(subject) => match queries::by_subject(reader, PROVIDER, &subject.0).await? {
                Some(user) => return Ok(user),
                None => None,
            },
            Err(refusal) => Some(refusal.message),
        },
        // Whoever switched it off is let in all the same.
        Err(_) => None,
    };
    let known = queries::identities_with_address(reader, who).await?;
    match refusal.filter(|_| known.is_empty()) {
        Some(sentence) => Err(format!("{who} is neither a user id nor an address nor provider:name: {sentence}").into()),
        None => one(app, who, known).await,
    }
}

/// The account of all these identities.
async fn one(app: &App, who: &str, identities: Vec<Identity>) -> Outcome<User> {
    let mut users: Vec<&UserId> = identities.iter().map(|identity| &identity.user).collect();
    users.sort_by_key(|user| user.as_str());
    users.dedup();
    let user = match users[..] {
        [] => return Err(nobody(who)),
        [user] => user,
        _ => {
            let ids = users.into_iter().map(UserId::as_str).collect::<Vec<_>>().join(", ");
            return Err(format!("{who} could be any of several accounts; say which by its id: {ids}").into());
        }
    };
    let by_address = identities.iter().all(|identity| identity.email.as_deref() == Some(who));
    if by_address && !identities.iter().any(|identity| identity.email_verified) {
        let provider = &identities[0].provider;
        return Err(format!("{provider} does not vouch that {who} belongs to {user}; if that is whom you mean, write the id").into());
    }
    queries::by_id(app.store.reader(), user).await?.ok_or_else(|| nobody(who))
}

fn nobody(who: &str) -> Box<dyn std::error::Error> {
    format!("there is no account {who}; see `community user list`").into()
}
