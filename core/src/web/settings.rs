//! `/settings/`: the ways to sign in to one's own account, the password, and where one is signed in.

use askama::Template;

use super::{
    http::Pages,
    pages::{Frame, Ways, moment},
    texts::Lang,
};
use crate::{
    accounts::{self, model::Identity},
    email,
    error::Result,
    http::auth::Sessions,
    ids::IdentityId,
    providers::catalog::Offer,
    sessions::{self, model::Session},
};

/// `/settings/`
#[derive(Debug, Template)]
#[template(path = "settings.html")]
pub struct SettingsPage<'a> {
    /// The frame.
    frame: Frame<'a>,
    /// The ways to sign in, oldest first.
    identities: Vec<IdentityView>,
    /// The providers at which one more can be had.
    linkable: Vec<Offer>,
    /// The address whose password can be changed.
    address: Option<String>,
    /// Whether an address can be added.
    takes_address: bool,
    /// The shortest password, in characters.
    password_min: usize,
    /// Whether files can be stored.
    takes_files: bool,
    /// Where the person is signed in, newest first.
    sessions: Vec<SessionView>,
}

/// A way to sign in.
#[derive(Debug)]
struct IdentityView {
    id: String,
    provider: String,
    label: Option<String>,
    since: String,
    current: bool,
}

/// A signed-in browser or program.
#[derive(Debug)]
struct SessionView {
    id: String,
    client: String,
    provider: String,
    seen: String,
    current: bool,
}

impl<'a> SettingsPage<'a> {
    /// Reads what the owner of `session` sees.
    pub async fn read(pages: &Pages, all: &Sessions, session: &Session, frame: Frame<'a>) -> Result<Self> {
        let used = accounts::queries::used(all.store.reader(), session).await?.map(|identity| identity.id);
        let identities = accounts::queries::identities(all.store.reader(), &session.user).await?;
        let mut live = sessions::queries::of_user(all.store.reader(), &session.user, all.clock.now()).await?;
        live.sort_by_key(|one| one.id != session.id);
        let Ways { by_password, elsewhere } = Ways::of(&pages.catalog);
        let own = identities.iter().find(|identity| identity.provider == email::PROVIDER);
        let lang = frame.lang;
        Ok(Self {
            frame,
            address: own.filter(|_| by_password).map(|identity| identity.email.clone().unwrap_or_default()),
            takes_address: by_password && own.is_none(),
            password_min: pages.password_min,
            identities: identities.into_iter().map(|identity| IdentityView::new(identity, pages, lang, used.as_ref())).collect(),
            linkable: elsewhere,
            takes_files: pages.largest_file.is_some(),
            sessions: live.into_iter().map(|one| SessionView::new(one, pages, lang, session)).collect(),
        })
    }
}

impl IdentityView {
    fn new(identity: Identity, pages: &Pages, lang: Lang, used: Option<&IdentityId>) -> Self {
        Self {
            current: used == Some(&identity.id),
            id: identity.id.to_string(),
            provider: provider(pages, &identity.provider, lang),
            label: identity.handle.or(identity.email),
            since: identity.created_at.to_string(),
        }
    }

    fn when(&self) -> String {
        moment(&self.since)
    }
}

impl SessionView {
    fn new(session: Session, pages: &Pages, lang: Lang, current: &Session) -> Self {
        Self {
            current: session.id == current.id,
            id: session.id.to_string(),
            provider: provider(pages, &session.provider, lang),
            seen: session.last_seen_at.to_string(),
            client: session.client,
        }
    }

    fn when(&self) -> String {
        moment(&self.seen)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    fn device(&self, lang: &Lang) -> String {
        device(&self.client, *lang)
    }
}

/// What a way to sign in is called: other sites have names, an address is called so in the language of the page.
fn provider(pages: &Pages, id: &str, lang: Lang) -> String {
    if id == email::PROVIDER { lang.text("auth.email").to_owned() } else { pages.catalog.name(id) }
}

/// What a browser calls itself, in words; what a program calls itself as it is. Many browsers claim to be others, too: the first of
/// the list is what they are.
fn device(client: &str, lang: Lang) -> String {
    const BROWSERS: [(&str, &str); 5] =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    const SYSTEMS: [(&str, &str); 6] =
        [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")];
    let find = |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| client.contains(mark)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => lang.with("settings.device", "browser", browser).replace("{system}", system),
        _ if client.is_empty() => lang.text("settings.unknown_device").to_owned(),
        _ => client.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Lang, device};

    #[test]
    fn browsers_are_called_what_people_call_them() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        let edge =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0";
        let phone =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1";
        let names = [(chrome, "Chrome on Linux"), (edge, "Edge on Windows"), (phone, "Safari on iPhone"), ("curl/8.5.0", "curl/8.5.0")];
        for (client, name) in names {
            assert_eq!(device(client, Lang::En), name);
        }
    }
}
