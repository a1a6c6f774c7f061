//! How mails leave: over SMTP, or into files.

use std::{
    error::Error as _,
    fmt::{self, Display, Formatter},
    path::Path,
    time::Duration,
};

use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        self, AsyncSmtpTransportBuilder, PoolConfig,
        client::{Certificate, Tls, TlsParameters},
    },
};
use url::Url;

use super::{
    model::{Content, DueMail},
    policy,
};
use crate::config::{Config, MailTransport, SecretUrl};

/// How a certificate begins in a PEM file.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A way out, with the sender's address.
pub struct Transport {
    from: Mailbox,
    way: Way,
}

enum Way {
    /// With how long a delivery may take.
    Smtp(AsyncSmtpTransport<Tokio1Executor>, Duration),
    Files(AsyncFileTransport<Tokio1Executor>, std::path::PathBuf),
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
#[error("{}{text}", if *.for_good { "refused for good: " } else { "" })]
pub struct SendError {
    /// Whether it is in vain to try again.
    pub for_good: bool,
    /// The whole story, in the words of the mail server, which likes to name the recipient.
    pub text: String,
    /// What the log may have of it.
    pub brief: String,
}

impl SendError {
    fn new(for_good: bool, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { for_good, brief: text.clone(), text }
    }

    /// The words of lettre, which are those of the server where that answered.
    fn of(error: &smtp::Error, for_good: bool) -> Self {
        let brief = match refusal(error) {
            Some(refusal) => format!("the mail server answers {refusal}"),
            None if error.is_response() => "the answer of the mail server makes no sense".to_owned(),
            None => error.to_string(),
        };
        Self { for_good, text: error.to_string(), brief }
    }
}

/// What a mail server answered, without its words.
struct Refusal {
    code: u16,
    /// The enhanced status (RFC 3463), if it gave one: `5.1.1`.
    status: Option<String>,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let status = self.status.iter().flat_map(|status| [" ", status]).collect::<String>();
        write!(f, "{}{status}", self.code)
    }
}

impl Refusal {
    /// Whether it is about the recipient or the message. What a server says against this one (who it is, what it is called, whether it
    /// may send at all) its operator can mend, and the mail is worth waiting for that.
    fn is_about_the_mail(&self) -> bool {
        let named = self.status.as_deref().map(|status| status.split_once('.').map_or(status, |(_, detail)| detail));
        match named {
            Some("1.7" | "1.8") => false,
            Some(detail) if ["1.", "2.", "6."].iter().any(|subject| detail.starts_with(subject)) || detail == "3.4" => self.code >= 550,
            Some(detail) if !detail.starts_with("0.") => false,
            _ => matches!(self.code, 550..=553),
        }
    }
}

/// The code and the enhanced status of a server that said no for good.
fn refusal(error: &smtp::Error) -> Option<Refusal> {
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let is_status = |word: &&str| word.split('.').count() == 3 && word.split('.').all(|part| part.parse::<u16>().is_ok());
    let status = said.split_whitespace().next().filter(is_status).map(str::to_owned);
    Some(Refusal { code: error.status()?.into(), status })
}

/// Why there is no way out.
#[derive(Debug, thiserror::Error)]
#[error("mail cannot be sent: {0}")]
pub struct SetupError(String);

impl Transport {
    /// The way that the configuration says.
    ///
    /// # Errors
    /// The sender, the server's URL or the folder is not usable.
    pub fn new(config: &Config) -> Result<Self, SetupError> {
        let section = &config.mail;
        let from = config.mail_from();
        let from = from.parse().map_err(|error| SetupError(format!("mail.from {from}: {error}")))?;
        let way = match config.mail_transport() {
            MailTransport::Smtp(url) => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
                    .map_err(|error| SetupError(format!("mail.smtp_url: {error}")))?;
                let builder = match &section.ca_file {
                    Some(file) => trusting(builder, &url, file)?,
                    None => builder,
                };
                let pool = PoolConfig::new().max_size(section.connections);
                Way::Smtp(builder.timeout(Some(section.timeout.0)).pool_config(pool).build(), policy::patience(section))
            }
            MailTransport::Files(folder) => {
                std::fs::create_dir_all(&folder).map_err(|error| SetupError(format!("{}: {error}", folder.display())))?;
                Way::Files(AsyncFileTransport::new(&folder), folder)
            }
        };
        Ok(Self { from, way })
    }

    /// Sends one mail.
    ///
    /// # Errors
    /// Whether trying again makes sense, and why it failed.
    pub async fn send(&self, mail: &DueMail) -> Result<(), SendError> {
        let message = self.compose(mail).map_err(|error| SendError::new(true, error.to_string()))?;
        match &self.way {
            // lettre bounds the time to connect and nothing after it, so that a mute server would hold up all mail for ever.
            Way::Smtp(smtp, patience) => match tokio::time::timeout(*patience, smtp.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => {
                    let against_it = error.is_permanent() && refusal(&error).is_some_and(|refusal| refusal.is_about_the_mail());
                    // A server may greet whoever it does not want with the same codes: then it does so again.
                    Err(SendError::of(&error, against_it && self.reach().await.is_ok()))
                }
                Err(_) => Err(too_slow(*patience)),
            },
            Way::Files(files, folder) => {
                let file = files.send(message).await.map_err(|error| SendError::new(false, error.to_string()))?;
                // Whoever runs without a mail server reads the link here; with one, links never reach the log.
                let link = link(&mail.content).unwrap_or("none");
                tracing::info!(file = %folder.join(format!("{file}.eml")).display(), link, "mail written to a file; set SMTP_URL to send it");
                Ok(())
            }
        }
    }

    /// Makes a connection, signs in and hangs up. Without a mail server there is nothing to reach.
    ///
    /// # Errors
    /// Why mail would not leave.
    pub async fn reach(&self) -> Result<(), SendError> {
        let Way::Smtp(smtp, patience) = &self.way else { return Ok(()) };
        match tokio::time::timeout(*patience, smtp.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(SendError::new(false, "the mail server hung up")),
            Ok(Err(error)) => Err(SendError::of(&error, false)),
            Err(_) => Err(too_slow(*patience)),
        }
    }

    fn compose(&self, mail: &DueMail) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
        let Content { subject, text, html } = &mail.content;
        let domain = self.from.email.domain();
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, mail.address.parse()?))
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .subject(subject)
            .multipart(MultiPart::alternative_plain_html(text.clone(), html.clone()))?)
    }
}

/// The same way with the authorities in `file` trusted, too. lettre keeps whom it trusts and how it encrypts in one value, so that
/// what the URL says of the latter is said once more.
fn trusting(builder: AsyncSmtpTransportBuilder, url: &SecretUrl, file: &Path) -> Result<AsyncSmtpTransportBuilder, SetupError> {
    let wrong = |fault: String| SetupError(format!("mail.ca_file {}: {fault}", file.display()));
    let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    if !pem.windows(PEM.len()).any(|part| part == PEM) {
        return Err(wrong("has no certificate in it".to_owned()));
    }
    let url = Url::parse(url.expose()).map_err(|error| SetupError(format!("mail.smtp_url: {error}")))?;
    let parameters = || -> Result<TlsParameters, SetupError> {
        let authorities = Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        TlsParameters::builder(host).add_root_certificate(authorities).build_rustls().map_err(|error| wrong(error.to_string()))
    };
    let wanted = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    Ok(match (url.scheme(), wanted.as_deref()) {
        ("smtps", _) => builder.tls(Tls::Wrapper(parameters()?)),
        (_, Some("required")) => builder.tls(Tls::Required(parameters()?)),
        (_, Some("opportunistic")) => builder.tls(Tls::Opportunistic(parameters()?)),
        _ => builder,
    })
}

fn too_slow(patience: Duration) -> SendError {
    SendError::new(false, format!("the mail server took longer than {} s", patience.as_secs()))
}

/// The first link in a mail.
fn link(content: &Content) -> Option<&str> {
    content.text.split_whitespace().find(|word| word.starts_with("http://") || word.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_against_the_mail_is_told_from_what_is_said_against_us() {
        for (code, status, expected) in [
            (550, None, true),
            (550, Some("5.1.1"), true),
            (551, None, true),
            (552, Some("5.2.2"), true),
            (552, Some("5.3.4"), true),
            (553, Some("5.1.3"), true),
            (554, Some("5.6.0"), true),
            (550, Some("5.0.0"), true),
            (530, Some("5.7.0"), false),
            (535, Some("5.7.8"), false),
            (534, None, false),
            (538, None, false),
            (502, None, false),
            (554, None, false),
            (554, Some("5.7.1"), false),
            (550, Some("5.7.26"), false),
            (553, Some("5.1.8"), false),
            (550, Some("5.1.7"), false),
        ] {
            let refusal = Refusal { code, status: status.map(str::to_owned) };
            assert_eq!(refusal.is_about_the_mail(), expected, "{refusal}");
        }
    }
}
