//! What authors of plugins do. None of it needs a server or a configuration.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::{
    cli::Outcome,
    plugins::look::{Look, id_of},
    workbench::{
        self,
        build::{self, Built},
        new::{self, Language},
        report,
    },
};

/// The size in bytes beyond which compiling takes so long that somebody might think nothing happens.
const LARGE: usize = 4 << 20;

#[derive(Subcommand)]
pub enum Command {
    /// What is in a component: why it is called, what it may do, what it says of itself, and the section to paste.
    Inspect {
        /// The file, or `bundled:NAME` for one that comes with the server.
        file: PathBuf,
    },
    /// Begin a bot: a folder that builds, answers and has a test.
    New {
        /// The folder, whose name is that of the bot.
        folder: PathBuf,
        /// The language to write it in.
        #[arg(long, value_enum, default_value_t = Language::Rust)]
        lang: Language,
    },
    /// Build the bot in a folder, after installing what that takes.
    Build {
        /// The folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Try a bot in conversations that stand in text files, without a server.
    Test {
        /// A folder, which is built first unless it is as it was, or a component. Without it the working folder.
        #[arg(default_value = ".")]
        what: PathBuf,
        /// The scripts; unless named, all of `tests/*.txt` in the folder.
        scripts: Vec<PathBuf>,
    },
    /// Tell a component what `record` wrote down, without a server, and see what it does.
    Replay {
        /// The component.
        component: PathBuf,
        /// The file with the events.
        events: PathBuf,
        /// A setting, as `name=value`.
        #[arg(short, long = "set")]
        set: Vec<String>,
    },
}

pub async fn run(command: &Command) -> Outcome {
    match command {
        Command::Inspect { file } => inspect(file).await,
        Command::New { folder, lang } => {
            new::begin(folder, *lang)?;
            say!("{} is a bot in {}. What to do next:\n", folder.display(), lang.name());
            say!("  cd {}\n  community plugin build\n  community plugin test", folder.display());
            Ok(())
        }
        Command::Build { folder } => {
            let built = build::run(folder).await?;
            tell(&built, folder).await
        }
        Command::Replay { component, events, set } => Box::pin(super::replay::run(component, events, set)).await,
        Command::Test { what, scripts } => Box::pin(super::test::run(what, scripts)).await,
    }
}

async fn inspect(file: &Path) -> Outcome {
    let id = id_of(file);
    let look = Look::at(file, &id, &workbench::cache()?).await.map_err(|reason| unfit(file, &reason))?;
    say!("{}", report::describe(&look, file, &id).trim_end());
    match look.said {
        Ok(_) => Ok(()),
        Err(reason) => Err(unfit(file, &reason).into()),
    }
}

/// Says what was built and how it gets into a server.
async fn tell(built: &Built, folder: &Path) -> Outcome {
    let id = build::id(folder)?;
    say!("{} ({}), built in {:.1} s", built.component.display(), report::size(built.size), built.took.as_secs_f64());
    if built.size > LARGE {
        say!("Looking at it as a server would, which compiles it first …");
    }
    let look = Look::at(&built.component, &id, &workbench::cache()?).await.map_err(|reason| unfit(&built.component, &reason))?;
    if let Err(reason) = &look.said {
        return Err(unfit(&built.component, reason).into());
    }
    say!("{}", report::reasons(&look).trim_end());
    say!("\nThe section for community.toml:\n\n{}", report::section(&look, &built.component, &id, false).trim_end());
    Ok(())
}

/// A sentence that begins with the file.
pub fn unfit(file: &Path, reason: &str) -> String {
    format!("{} {reason}", file.display())
}
