//! The two mails, as text and as HTML, in the language that the operator chose.

use openclaw_sdk::{Letter, Mail, escape_html, log, settings};

/// The longest site name that goes into a subject line, in characters.
const MAX_SITE: usize = 80;

/// Asks a new person to confirm the address.
pub fn verification(letter: &Letter) -> Mail {
    let language = Language::chosen();
    compose(letter, language, &language.verification)
}

/// Lets a person choose a new password.
pub fn reset(letter: &Letter) -> Mail {
    let language = Language::chosen();
    compose(letter, language, &language.reset)
}

struct Language {
    tag: &'static str,
    hello: &'static str,
    one_hour: &'static str,
    /// With `{}` for how many.
    hours: &'static str,
    by_hand: &'static str,
    verification: Wording,
    reset: Wording,
}

struct Wording {
    /// The name of the site follows.
    subject: &'static str,
    opening: &'static str,
    button: &'static str,
    closing: &'static str,
}

const ENGLISH: Language = Language {
    tag: "en",
    hello: "Hello",
    one_hour: "The link works for one hour.",
    hours: "The link works for {} hours.",
    by_hand: "If the button does not work, copy this address into your browser:",
    verification: Wording {
        subject: "Confirm your email address for",
        opening: "please confirm that this is your email address, and your account is ready:",
        button: "Confirm my email address",
        closing: "If you did not sign up, please ignore this mail. Nothing else will happen.",
    },
    reset: Wording {
        subject: "Choose a new password for",
        opening: "somebody, hopefully you, asked for a new password. You can choose one here:",
        button: "Choose a new password",
        closing: "If it was not you, please ignore this mail. Your password stays as it is.",
    },
};

const GERMAN: Language = Language {
    tag: "de",
    hello: "Hallo",
    one_hour: "Der Link gilt eine Stunde.",
    hours: "Der Link gilt {} Stunden.",
    by_hand: "Wenn das nicht geht, kopiere diese Adresse in deinen Browser:",
    verification: Wording {
        subject: "Bestätige deine E-Mail-Adresse für",
        opening: "bitte bestätige, dass dies deine E-Mail-Adresse ist; dann ist dein Konto bereit:",
        button: "Meine E-Mail-Adresse bestätigen",
        closing: "Wenn du kein Konto angelegt hast, ignoriere diese Mail bitte. Weiter geschieht nichts.",
    },
    reset: Wording {
        subject: "Wähle ein neues Passwort für",
        opening: "jemand, hoffentlich du, hat um ein neues Passwort gebeten. Hier kannst du eines wählen:",
        button: "Ein neues Passwort wählen",
        closing: "Wenn du das nicht warst, ignoriere diese Mail bitte. Dein Passwort bleibt, wie es ist.",
    },
};

impl Language {
    /// That of the setting `language`.
    fn chosen() -> &'static Self {
        match settings::get_or("language", "en").as_str() {
            "en" => &ENGLISH,
            "de" => &GERMAN,
            other => {
                log::warn(&format!("there are no mails in the language {other:?}, only in en and de: this one is in English"));
                &ENGLISH
            }
        }
    }
}

fn compose(letter: &Letter, language: &Language, wording: &Wording) -> Mail {
    let site = one_line(&letter.site);
    let hello = greeting(language.hello, &letter.username);
    let hours = match letter.valid_hours {
        1 => language.one_hour.to_owned(),
        n => language.hours.replace("{}", &n.to_string()),
    };
    let Wording { subject, opening, button, closing } = wording;
    let Language { tag, by_hand, .. } = language;
    let link = &letter.link;
    let text = format!("{hello}\n\n{opening}\n\n{link}\n\n{hours} {closing}\n\n{site}\n");
    let (hello, html_site, link) = (escape_html(&hello), escape_html(&site), escape_html(link));
    let html = format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<body style=\"font-family:sans-serif;line-height:1.5\">\n<p>{hello}</p>\n<p>{opening}</p>\n\
         <p><a href=\"{link}\">{button}</a></p>\n<p>{by_hand}<br>{link}</p>\n<p>{hours} {closing}</p>\n<p>{html_site}</p>\n</body>\n</html>\n"
    );
    Mail { subject: format!("{subject} {site}"), text, html }
}

/// Anyone can sign up with somebody else's address, so a name that a mail program would turn into a link, or that
/// speaks in sentences, is left out: the mail must not carry the message of a stranger.
fn greeting(hello: &str, username: &str) -> String {
    let plain = username.chars().all(|c| c.is_alphanumeric() || " -_'’".contains(c));
    if plain && username.split(' ').count() <= 4 { format!("{hello} {username},") } else { format!("{hello},") }
}

/// The site's name without line breaks, so that it can stand in a subject line.
fn one_line(site: &str) -> String {
    site.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SITE).collect()
}
