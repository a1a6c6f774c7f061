//! What a plugin is there for, as its exports say.

use super::{
    grants::{Interface, Version},
    inspect::Outline,
};

/// What a plugin is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginKind {
    /// People sign in with a password that the host keeps.
    PasswordProvider,
    /// People are sent to another site and come back signed in.
    OAuthProvider,
}

impl PluginKind {
    const ALL: [Self; 2] = [Self::PasswordProvider, Self::OAuthProvider];

    /// The words for a list.
    pub fn words(self) -> &'static str {
        match self {
            Self::PasswordProvider => "password provider",
            Self::OAuthProvider => "redirect provider",
        }
    }

    /// The interface that this server calls.
    fn interface(self) -> (&'static str, Version) {
        match self {
            Self::PasswordProvider => ("openclaw:provider/password", Version::new(0, 1, 0)),
            Self::OAuthProvider => ("openclaw:provider/oauth", Version::new(0, 1, 0)),
        }
    }

    /// The kind of a component, or why it is none that this server can call.
    pub fn of(outline: &Outline) -> Result<Self, String> {
        let exports = |kind: &Self| outline.exports.iter().find(|export| Interface::parse(export).name == kind.interface().0);
        let found: Vec<(Self, &String)> = Self::ALL.into_iter().filter_map(|kind| Some((kind, exports(&kind)?))).collect();
        let [(kind, export)] = found[..] else {
            let wrong = if found.is_empty() { "exports nothing that this server calls" } else { "exports more than one interface" };
            return Err(format!("{wrong}: it looks for one of {}; build it with one export macro of the SDK", offers()));
        };
        let (_, has) = kind.interface();
        let fits = Interface::parse(export).check_version(has);
        fits.map(|()| kind).map_err(|(has, fix)| format!("offers `{export}`, but this server calls version {has}: {fix}"))
    }
}

/// The interfaces that this server calls, as a list for people.
fn offers() -> String {
    let names = PluginKind::ALL.map(|kind| {
        let (name, version) = kind.interface();
        format!("`{name}@{version}`")
    });
    names.join(", ")
}
