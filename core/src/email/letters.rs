//! The letters that the server writes itself, since providers know nothing of what they are about.

use crate::{config::Config, mail::model::Content};

/// Tells the owner of an address that someone tried to register it, or to add it to another account.
pub fn notice(config: &Config) -> Content {
    let site = &config.site.name;
    let text = format!(
        "Someone tried to register at {site} with this address, or to add it to their account. It has an account already.\n\n\
         If it was you, sign in at {}. If you forgot your password, you can set a new one there.\n\
         If it was not you, there is nothing to do.\n",
        config.base_url().join("/posts/")
    );
    written(format!("You already have an account at {site}"), text)
}

/// Asks whoever has an address to confirm that it is to be added to the account called `username`, by a link that works for so many
/// hours.
pub fn addition(config: &Config, username: &str, link: &str, hours: u32) -> Content {
    let (account, site) = (named(username), &config.site.name);
    let lasts = if hours == 1 { "one hour".to_owned() } else { format!("{hours} hours") };
    let text = format!(
        "Someone wants to add this address to {account} at {site}, to sign in with it there. If it was you, open this link in the \
         browser in which you asked for it and are signed in. In any other it does nothing:\n\n\
         {link}\n\n\
         The link works for {lasts}. If it was not you, please ignore this mail. Nothing else will happen.\n"
    );
    written(format!("Add this address to your account at {site}"), text)
}

/// An account in a letter that may go to a stranger. As in the letters of the provider a name that a mail program would turn into a link,
/// or that speaks in sentences, is left out: the mail must not carry the message of whoever asked for it.
fn named(username: &str) -> String {
    let is_plain = username.chars().all(|c| c.is_alphanumeric() || " -_'\u{2019}".contains(c)) && username.split(' ').count() <= 4;
    if is_plain { format!("the account \"{username}\"") } else { "an account".to_owned() }
}

/// A letter as text and as HTML, in which a paragraph that is an address is a link.
fn written(subject: String, text: String) -> Content {
    let html = text.trim_end().split("\n\n").map(paragraph).collect();
    Content { subject, text, html }
}

fn paragraph(text: &str) -> String {
    let safe = askama::filters::escape(text, askama::filters::Html).map_or_else(|_| String::new(), |safe| safe.to_string());
    let is_address = text.starts_with("http") && !text.contains(char::is_whitespace);
    if is_address { format!("<p><a href=\"{safe}\">{safe}</a></p>") } else { format!("<p>{safe}</p>") }
}
