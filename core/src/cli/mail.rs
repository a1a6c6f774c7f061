//! `community mail`.

use clap::Subcommand;

use super::Outcome;
use crate::{
    config::{Config, MailTransport},
    ids::MailId,
    mail::{
        model::{Content, DueMail},
        transport::Transport,
    },
    serve::Parts,
};

#[derive(Subcommand)]
pub enum Command {
    /// Send a mail to an address, now, and say how it went.
    Test {
        /// To whom.
        address: String,
    },
}

pub async fn run(command: Command, config: Config) -> Outcome {
    let Command::Test { address } = command;
    if address.parse::<lettre::Address>().is_err() {
        return Err(format!("{address:?} is no email address: write one like ann@example.org").into());
    }
    let parts = Parts::of_system();
    let name = &config.site.name;
    let text = format!("This is a test of {name} at {}.\nMail works.\n", config.base_url());
    let content = Content { subject: format!("Test mail from {name}"), html: format!("<p>{}</p>", text.trim()), text };
    let now = parts.clock.now();
    let mail = DueMail { id: MailId::new(now, &parts.random), address: address.clone(), content, created_at: now, attempts: 0 };
    Transport::new(&config)?.send(&mail).await?;
    match config.mail_transport() {
        MailTransport::Smtp(_) => say!("The mail server took a mail for {address}."),
        MailTransport::Files(folder) => say!("No mail server is set, so the mail for {address} is a file in {}.", folder.display()),
    }
    Ok(())
}
