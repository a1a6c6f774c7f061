//! The command line: one file per command. Whatever goes wrong is one sentence on standard error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on the terminal")]

/// Prints a line on standard output. Whoever closed it, like `head`, has read enough: the command ends.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::print_line(format_args!($($text)*)) };
}

mod backup;
mod bot;
mod config;
mod doctor;
mod gather;
mod lines;
mod log;
mod mail;
mod migrate;
mod plugin;
mod room;
mod serve;
mod trial;
mod user;
mod who;

use std::{
    env,
    error::Error,
    fmt::{Arguments, Display},
    io::{Write, stdout},
    path::{self, Path, PathBuf},
    process::{self, ExitCode},
};

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::{
    config::{Config, Loaded, Problems, Sources, load, of_process},
    http::docs,
    plugins,
    realtime::asyncapi,
    store::Store,
};

/// A community server whose login providers and bots are sandboxed WebAssembly components.
#[derive(Parser)]
#[command(name = "community", version, about)]
struct Cli {
    /// The configuration file; without it `community.toml` in the working folder, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (what happens without a command).
    Serve,
    /// Bring the database's schema up to date.
    Migrate(migrate::Args),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Look at everything the server depends on, and say what to do about what is wrong.
    Doctor,
    /// Copy the database and the files that people uploaded into a folder, also while the server runs.
    Backup(backup::Args),
    /// Look at the plugins.
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Accounts and sessions.
    #[command(subcommand)]
    User(user::Command),
    /// Bots and their tokens.
    #[command(subcommand)]
    Bot(bot::Command),
    /// Rooms and who is in them.
    #[command(subcommand)]
    Room(room::Command),
    /// Mail.
    #[command(subcommand)]
    Mail(mail::Command),
    /// Print the OpenAPI document, which describes what goes over HTTP.
    Openapi,
    /// Print the AsyncAPI document, which describes the events of the socket.
    Asyncapi,
    /// Compile the component on standard input: what the program tells itself.
    #[command(hide = true)]
    CompileComponent(plugins::Order),
}

/// Any error, for people.
type Outcome = Result<(), Box<dyn Error>>;

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut runtime = match &cli.command {
        // All the memory that this one may take is for its work.
        Some(Command::CompileComponent(_)) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if let Some(program) = myself() {
        plugins::compile_apart(program);
    }
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

/// The program that runs.
fn myself() -> Option<PathBuf> {
    // The link leads there even after the file was replaced by another version.
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() { Some(link) } else { env::current_exe().ok() }
}

fn print_line(text: Arguments<'_>) {
    if writeln!(stdout().lock(), "{text}").is_err() {
        process::exit(0);
    }
}

fn failed(error: &(impl Display + ?Sized)) -> ExitCode {
    eprintln!("community: {error}");
    ExitCode::FAILURE
}

async fn dispatch(cli: Cli) -> Outcome {
    let command = cli.command.unwrap_or(Command::Serve);
    match command {
        Command::Openapi => {
            say!("{}", docs::document().trim_end());
            Ok(())
        }
        Command::Asyncapi => {
            say!("{}", asyncapi::document().trim_end());
            Ok(())
        }
        Command::CompileComponent(order) => Ok(order.carry_out()?),
        Command::Config(command) => Box::pin(config::run(&command, cli.config.as_deref())).await,
        Command::Serve => Box::pin(serve::run(configuration(cli.config.as_deref())?, cli.config)).await,
        Command::Doctor => doctor::run(configuration(cli.config.as_deref())?).await,
        Command::Migrate(args) => migrate::run(&args, &quiet(cli.config.as_deref())?).await,
        Command::Backup(args) => backup::run(&args, &existing(cli.config.as_deref())?).await,
        Command::Plugin(plugin::Command::Author(command)) => Box::pin(plugin::author(&command)).await,
        Command::Plugin(command) => {
            let reread = || configuration(cli.config.as_deref()).map_err(|problems| problems.to_string());
            Box::pin(plugin::run(&command, existing(cli.config.as_deref())?, reread)).await
        }
        Command::User(command) => user::run(command, existing(cli.config.as_deref())?).await,
        Command::Bot(command) => bot::run(command, existing(cli.config.as_deref())?).await,
        Command::Room(command) => room::run(command, existing(cli.config.as_deref())?).await,
        Command::Mail(command) => mail::run(command, existing(cli.config.as_deref())?).await,
    }
}

fn configuration(path: Option<&Path>) -> Result<Loaded, Problems> {
    let env = of_process();
    load(Sources { path, directory: Path::new("."), env: &env })
}

/// The configuration for a command other than `serve`: its log goes to standard error, and only what is wrong.
fn quiet(path: Option<&Path>) -> Result<Config, Box<dyn Error>> {
    let config = configuration(path)?.config;
    log::start_quiet();
    Ok(config)
}

/// The same for a command on a server that is there: in a folder that is none's it would begin an empty one.
fn existing(path: Option<&Path>) -> Result<Config, Box<dyn Error>> {
    let Loaded { config, chosen, .. } = configuration(path)?;
    if let Some(file) = Store::missing_file(&config.database, &config.data_dir).filter(|_| !chosen) {
        let file = path::absolute(&file).unwrap_or(file);
        return Err(format!(
            "no configuration was found here, and no database at {}: run this in the server's folder, name its configuration with \
             `--config FILE` or its data folder with COMMUNITY_DATA_DIR, or start the server here once",
            file.display()
        )
        .into());
    }
    log::start_quiet();
    Ok(config)
}
