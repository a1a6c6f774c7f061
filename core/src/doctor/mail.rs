//! Mail: whether the server for it takes our connection and our password. Nothing is sent.

use super::Finding;
use crate::{
    config::{Config, MailTransport},
    mail::transport::Transport,
};

const SUBJECT: &str = "mail";

pub async fn examine(config: &Config) -> Finding {
    if let MailTransport::Files(folder) = config.mail_transport() {
        let text = format!("becomes files in {}: set SMTP_URL (mail.smtp_url) to send it", folder.display());
        return Finding::doubtful(SUBJECT, text);
    }
    let reached = match Transport::new(config) {
        Ok(transport) => transport.reach().await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match reached {
        Ok(()) => Finding::good(SUBJECT, "the mail server answers; `community mail test ADDRESS` sends one"),
        Err(error) => Finding::bad(SUBJECT, format!("{error}: correct mail.smtp_url (SMTP_URL)")),
    }
}
