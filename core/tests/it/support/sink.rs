//! A real SMTP server (`core/tests/tools/smtp_sink.py`), one for each test that asks for it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{Client, DEADLINE, Mail, process::Process};

/// The running mail server; it ends with this value.
pub struct SmtpSink {
    /// Kept because the sink ends when its standard input closes.
    _process: Process,
    port: u16,
    api: Client,
}

/// How the mail server misbehaves from now on. The default is not at all.
#[derive(Debug, Default, Clone)]
pub struct Fault {
    /// Instead of the greeting, for example `421 busy`.
    pub connect: Option<&'static str>,
    /// The answer to MAIL.
    pub mail: Option<&'static str>,
    /// The answer to RCPT.
    pub rcpt: Option<&'static str>,
    /// The answer to DATA.
    pub data: Option<&'static str>,
    /// Seconds before the answer to DATA, at most until the next fault or healing.
    pub delay: f64,
    /// How many answers are faulty before it heals; without it, all.
    pub times: Option<u32>,
}

impl SmtpSink {
    /// Starts one without TLS and without passwords.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one with the options of the script (`--auth USER PASSWORD`, `--tls CERTIFICATE KEY`, `--smtps`).
    pub async fn start_with(options: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/smtp_sink.py");
        let mut command = Command::new(super::peer("COMMUNITY_TEST_PYTHON"));
        command.arg(script).args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command).expect("COMMUNITY_TEST_PYTHON cannot be started: run `make test`, or `make peers`");
        let mut ready = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let ports: Value = serde_json::from_str(&ready).expect("the mail server ended at its start: run `make test`, or `make peers`");
        let api = Client::new(format!("http://127.0.0.1:{}", ports["http"]));
        Self { _process: process, port: u16::try_from(ports["smtp"].as_u64().unwrap()).unwrap(), api }
    }

    /// The port it speaks SMTP on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What goes into `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The mails to `address` so far, oldest first.
    pub async fn to(&self, address: &str) -> Vec<Mail> {
        self.read(&format!("/mails?to={address}")).await
    }

    /// All mails so far, oldest first.
    pub async fn all(&self) -> Vec<Mail> {
        self.read("/mails").await
    }

    /// Waits until there are `count` mails to `address` and gives the newest.
    pub async fn wait(&self, address: &str, count: usize) -> Mail {
        let mails = self.read(&format!("/mails?to={address}&count={count}&wait={}", DEADLINE.as_secs())).await;
        assert!(mails.len() >= count, "only {} of {count} mails to {address} came", mails.len());
        mails.last().unwrap().clone()
    }

    /// Makes it misbehave, or heals it.
    pub async fn fault(&self, fault: Fault) {
        let Fault { connect, mail, rcpt, data, delay, times } = fault;
        let fault = json!({ "connect": connect, "mail": mail, "rcpt": rcpt, "data": data, "delay": delay, "times": times });
        self.api.post("/fault", fault).await.expect(200);
    }

    /// Counters since the start: `connections`, `recipients`, `refused`.
    pub async fn seen(&self) -> Value {
        self.api.get("/seen").await.expect(200).json()
    }

    async fn read(&self, path: &str) -> Vec<Mail> {
        self.api.get(path).await.expect(200).json().as_array().unwrap().iter().map(Mail::from_json).collect()
    }
}
