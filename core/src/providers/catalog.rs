//! The ways to sign in that this server offers, by name and path.

use crate::plugins::{PluginKind, Plugins};

/// What can be used to sign in. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    plugins: Plugins,
    /// The provider with the short paths.
    root: String,
}

/// A provider that people can use now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The id of the plugin.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How it works.
    pub kind: PluginKind,
    /// Where signing in begins: a page to go to, or where address and password are sent.
    pub login: String,
}

impl Offer {
    /// Whether signing in means going to another site.
    pub fn is_redirect(&self) -> bool {
        self.kind == PluginKind::OAuthProvider
    }
}

impl Catalog {
    /// The catalog of `plugins`, of which `root` answers at `/api/login`.
    pub fn new(plugins: Plugins, root: &str) -> Self {
        Self { plugins, root: root.to_owned() }
    }

    /// The providers that are on, by id.
    pub fn offers(&self) -> Vec<Offer> {
        let usable = self.plugins.providers().into_iter().filter(|provider| provider.reason.is_none());
        usable
            .map(|provider| Offer {
                login: self.login(&provider.id, provider.kind),
                id: provider.id,
                name: provider.name,
                kind: provider.kind,
            })
            .collect()
    }

    /// What people call a provider, on or off; its id if nothing else is known.
    pub fn name(&self, id: &str) -> String {
        let known = self.plugins.providers().into_iter().find(|provider| provider.id == id);
        known.map_or_else(|| id.to_owned(), |provider| provider.name)
    }

    fn login(&self, id: &str, kind: PluginKind) -> String {
        if kind == PluginKind::OAuthProvider && id == self.root { "/api/login".to_owned() } else { format!("/api/{id}/login") }
    }
}
