//! Mails, from the folder where the server puts them or from a mail server.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::eventually;

/// A mail as its reader sees it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Addresses of the envelope, or of the `To` header where there is no envelope.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML text, if there is one.
    pub html: Option<String>,
    /// The whole message as sent.
    pub raw: String,
    /// Whether a mail server got it over an encrypted connection.
    pub encrypted: bool,
}

impl Mail {
    /// The first link in the plain text whose path begins with `path`; panics if there is none.
    #[track_caller]
    pub fn link(&self, path: &str) -> String {
        let words = self.text.split_whitespace().map(|word| word.trim_matches(|end| matches!(end, '<' | '>' | '(' | ')' | '"')));
        let mut links = words.filter(|word| word.starts_with("http://") || word.starts_with("https://"));
        let found = links.find(|link| link.splitn(4, '/').nth(3).is_some_and(|rest| format!("/{rest}").starts_with(path)));
        found.unwrap_or_else(|| panic!("no link to {path} in:\n{}", self.text)).to_owned()
    }

    /// Reads what `smtp_sink.py` says of a mail.
    pub fn from_json(mail: &Value) -> Self {
        let text = |key: &str| mail[key].as_str().unwrap_or_default().to_owned();
        Self {
            to: mail["to"].as_array().unwrap().iter().map(|to| to.as_str().unwrap().to_owned()).collect(),
            subject: text("subject"),
            text: text("text"),
            html: mail["html"].as_str().map(str::to_owned),
            raw: text("raw"),
            encrypted: mail["tls"] == true,
        }
    }

    /// Reads a message of RFC 5322, as far as this project writes them.
    pub fn parse(raw: &str) -> Self {
        let raw = raw.replace("\r\n", "\n");
        let message = Part::of(&raw);
        Self {
            to: message.header("to").split(',').map(address_of).collect(),
            subject: words(&message.header("subject")),
            text: message.find("text/plain").unwrap_or_default(),
            html: message.find("text/html"),
            raw,
            encrypted: false,
        }
    }
}

/// The folder of the file transport.
#[derive(Debug, Clone)]
pub struct Maildir(pub PathBuf);

impl Maildir {
    /// All mails, oldest first.
    pub fn all(&self) -> Vec<Mail> {
        let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
        let files = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.extension().is_some_and(|end| end == "eml"));
        let mut files: Vec<PathBuf> = files.collect();
        files.sort_by_key(|path| (fs::metadata(path).and_then(|file| file.modified()).ok(), path.clone()));
        files.iter().filter_map(|path| fs::read_to_string(path).ok()).map(|raw| Mail::parse(&raw)).collect()
    }

    /// The mails to `address`, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        self.all().into_iter().filter(|mail| mail.to.iter().any(|to| to == address)).collect()
    }

    /// Waits until there are `count` mails to `address` and gives the newest.
    pub async fn wait(&self, address: &str, count: usize) -> Mail {
        eventually(&format!("mail number {count} to {address}"), || async {
            let mut mails = self.to(address);
            if mails.len() >= count { mails.pop() } else { None }
        })
        .await
    }
}

/// A MIME part: header lines and what follows them.
struct Part<'a> {
    head: String,
    body: &'a str,
}

impl<'a> Part<'a> {
    fn of(text: &'a str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        // A header goes on in lines that begin with white space.
        Self { head: head.replace("\n ", " ").replace("\n\t", " "), body }
    }

    fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }

    /// The decoded text of the first part of this type.
    fn find(&self, kind: &str) -> Option<String> {
        let content_type = self.header("content-type");
        if let Some((_, boundary)) = content_type.split_once("boundary=") {
            let boundary = format!("--{}", boundary.split(';').next()?.trim_matches('"'));
            return self.body.split(&boundary).skip(1).find_map(|part| Part::of(part.trim_start_matches('\n')).find(kind));
        }
        (content_type.starts_with(kind) || content_type.is_empty() && kind == "text/plain").then(|| self.decoded())
    }

    fn decoded(&self) -> String {
        match self.header("content-transfer-encoding").to_ascii_lowercase().as_str() {
            "base64" => text(STANDARD.decode(self.body.replace('\n', "")).unwrap()),
            "quoted-printable" => text(quoted_printable(&self.body.replace("=\n", ""))),
            _ => self.body.to_owned(),
        }
    }
}

fn quoted_printable(encoded: &str) -> Vec<u8> {
    let mut pieces = encoded.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    bytes
}

/// Decodes the encoded words (`=?utf-8?b?…?=`) of a header.
fn words(header: &str) -> String {
    let decoded = |word: &str| -> Option<String> {
        let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?').skip(1);
        match (parts.next()?.to_ascii_lowercase().as_str(), parts.next()?) {
            ("b", data) => STANDARD.decode(data).ok().map(text),
            (_, data) => Some(text(quoted_printable(&data.replace('_', " ")))),
        }
    };
    let mut result = String::new();
    let mut after_encoded = true;
    for word in header.split_whitespace() {
        let encoded = decoded(word);
        // White space between two encoded words belongs to neither.
        if !(result.is_empty() || after_encoded && encoded.is_some()) {
            result.push(' ');
        }
        after_encoded = encoded.is_some();
        result.push_str(encoded.as_deref().unwrap_or(word));
    }
    result
}

fn address_of(mailbox: &str) -> String {
    let mailbox = mailbox.trim();
    mailbox.rsplit_once('<').map_or(mailbox, |(_, address)| address.trim_end_matches('>')).to_owned()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
