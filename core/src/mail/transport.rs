//! How mails leave: over SMTP, or into files.

use std::{path::Path, time::Duration};

use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        AsyncSmtpTransportBuilder, PoolConfig,
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
pub enum SendError {
    /// The server refuses this mail for good.
    #[error("refused for good: {0}")]
    Permanent(String),
    /// It may work later.
    #[error("{0}")]
    Passing(String),
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
        let message = self.compose(mail).map_err(|error| SendError::Permanent(error.to_string()))?;
        match &self.way {
            // lettre bounds the time to connect and nothing after it, so that a mute server would hold up all mail for ever.
            Way::Smtp(smtp, patience) => match tokio::time::timeout(*patience, smtp.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) if error.is_permanent() => Err(SendError::Permanent(error.to_string())),
                Ok(Err(error)) => Err(SendError::Passing(error.to_string())),
                Err(_) => Err(too_slow(*patience)),
            },
            Way::Files(files, folder) => {
                let file = files.send(message).await.map_err(|error| SendError::Passing(error.to_string()))?;
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
            Ok(Ok(false)) => Err(SendError::Passing("the mail server hung up".to_owned())),
            Ok(Err(error)) => Err(SendError::Passing(error.to_string())),
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
    SendError::Passing(format!("the mail server took longer than {} s", patience.as_secs()))
}

/// The first link in a mail.
fn link(content: &Content) -> Option<&str> {
    content.text.split_whitespace().find(|word| word.starts_with("http://") || word.starts_with("https://"))
}
