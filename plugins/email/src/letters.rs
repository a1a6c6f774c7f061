//! The two mails, as text and as HTML.

use openclaw_sdk::{Letter, Mail, escape_html};

/// The longest site name that goes into a subject line, in characters.
const MAX_SITE: usize = 80;

/// Asks a new person to confirm the address.
pub fn verification(letter: &Letter) -> Mail {
    compose(
        letter,
        &Wording {
            subject: "Confirm your email address for",
            opening: "please confirm that this is your email address, and your account is ready:",
            button: "Confirm my email address",
            closing: "If you did not sign up, please ignore this mail. Nothing else will happen.",
        },
    )
}

/// Lets a person choose a new password.
pub fn reset(letter: &Letter) -> Mail {
    compose(
        letter,
        &Wording {
            subject: "Choose a new password for",
            opening: "somebody, hopefully you, asked for a new password. You can choose one here:",
            button: "Choose a new password",
            closing: "If it was not you, please ignore this mail. Your password stays as it is.",
        },
    )
}

struct Wording {
    subject: &'static str,
    opening: &'static str,
    button: &'static str,
    closing: &'static str,
}

fn compose(letter: &Letter, wording: &Wording) -> Mail {
    let site = one_line(&letter.site);
    let hello = greeting(&letter.username);
    let hours = match letter.valid_hours {
        1 => "The link works for one hour.".to_owned(),
        n => format!("The link works for {n} hours."),
    };
    let Wording { subject, opening, button, closing } = wording;
    let link = &letter.link;
    let text = format!("{hello}\n\n{opening}\n\n{link}\n\n{hours} {closing}\n\n{site}\n");
    let (hello, html_site, link) = (escape_html(&hello), escape_html(&site), escape_html(link));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<body style=\"font-family:sans-serif;line-height:1.5\">\n<p>{hello}</p>\n<p>{opening}</p>\n\
         <p><a href=\"{link}\">{button}</a></p>\n<p>If the button does not work, copy this address into your browser:<br>{link}</p>\n\
         <p>{hours} {closing}</p>\n<p>{html_site}</p>\n</body>\n</html>\n"
    );
    Mail { subject: format!("{subject} {site}"), text, html }
}

/// Anyone can sign up with somebody else's address, so a name that a mail program would turn into a link, or that
/// speaks in sentences, is left out: the mail must not carry the message of a stranger.
fn greeting(username: &str) -> String {
    let plain = username.chars().all(|c| c.is_alphanumeric() || " -_'’".contains(c));
    if plain && username.split(' ').count() <= 4 { format!("Hello {username},") } else { "Hello,".to_owned() }
}

/// The site's name without line breaks, so that it can stand in a subject line.
fn one_line(site: &str) -> String {
    site.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SITE).collect()
}
