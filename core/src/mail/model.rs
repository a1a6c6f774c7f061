//! What a mail is.

use crate::{clock::Timestamp, config::Rate, ids::MailId};

/// Why a mail is sent; quotas count each kind for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The link that proves an address.
    Verification,
    /// The link that sets a new password.
    Reset,
    /// Tells the owner of an address that someone tried to register it, or to add it to another account.
    Notice,
    /// The operator tries whether mail works.
    Test,
}

impl Kind {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Reset => "reset",
            Self::Notice => "notice",
            Self::Test => "test",
        }
    }
}

/// A mail to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Why.
    pub kind: Kind,
    /// To whom.
    pub address: String,
    /// From where it was asked for.
    pub origin: Option<Origin>,
    /// How many of its kind the address gets, whoever asks.
    pub share: Rate,
    /// What is written.
    pub content: Content,
}

/// From where a mail was asked for, as quotas count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The network: an IPv4 address or an IPv6 /64.
    pub network: String,
    /// The site the network is in: an IPv6 /48. `None` for IPv4.
    pub site: Option<String>,
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    /// For every reader.
    pub text: String,
    /// For readers that show HTML.
    pub html: String,
}

/// A queued mail whose turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    /// Its id, which also becomes its `Message-ID`.
    pub id: MailId,
    /// To whom.
    pub address: String,
    /// What is written.
    pub content: Content,
    /// When it was queued.
    pub created_at: Timestamp,
    /// How often it has been tried.
    pub attempts: u32,
}
