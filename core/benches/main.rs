//! `make bench`: measures the server, each figure beside a simple program that does the same in the same run.
//!
//! Servers run in processes of their own on one half of the cores, the generator of load in this process on the other half, so
//! that neither side of a comparison gets more of the machine. Rounds alternate between the two sides, and what is printed is
//! the median of the rounds. Beside each figure stands how much of the cores the machine's host took away meanwhile: above one or two
//! percent say nothing about a p99. Nothing here passes or fails by its speed: the exit code tells only whether it could be measured.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it speaks on the terminal")]

mod baseline;
mod bots;
mod cores;
mod footprint;
mod load;
mod plugin;
mod process;
mod providers;
mod reads;
mod realtime;
mod seed;
mod server;
mod signin;
mod socket;
mod stolen;
mod table;
mod uploads;
mod writes;

use std::{
    env, error, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::{cores::Cores, server::Site, table::Table};

/// Whatever keeps something from being measured.
type Outcome<T = ()> = Result<T, Box<dyn error::Error + Send + Sync>>;

/// The size of the community that most figures are about, and the small one beside it.
const MANY: usize = 100_000;
const FEW: usize = 1_000;

/// What can be measured by itself.
const PARTS: [&str; 11] = ["footprint", "reads", "writes", "uploads", "plugin", "signin", "providers", "bots", "realtime", "churn", "hold"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["memory", file, port] => baseline::memory::serve(Path::new(file), port).await,
        ["room", port] => baseline::rooms::serve(port).await,
        [node, ref parts @ ..] => run(Path::new(node), parts).await,
        _ => Err("usage: community-bench NODE [PART]…, with the path of Node.js 22; `make bench` knows it".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures the named parts, or everything.
async fn run(node: &Path, parts: &[&str]) -> Outcome {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        return Err(format!("there is no part {unknown}; there are {}", PARTS.join(", ")).into());
    }
    let wanted = |part: &str| parts.is_empty() || parts.contains(&part);
    let program = env::current_exe()?;
    let target = program.parent().and_then(Path::parent).ok_or("this program is not in a target directory")?;
    let folder = Folder::create(target.join("bench"))?;
    let cores = Cores::divide();
    println!("{cores}");
    let site = |name: &str| Site::new(&program.with_file_name("community"), folder.0.join(name), &cores);

    let mut table = Table::default();
    if wanted("footprint") {
        footprint::measure(&site("footprint")?, &mut table).await?;
    }
    if wanted("reads") {
        reads::measure(&site("many")?, &site("few")?, node, &program, &mut table).await?;
    }
    if wanted("writes") {
        writes::measure(&site("writes")?, &mut table).await?;
    }
    if wanted("uploads") {
        uploads::measure(&site("uploads")?, &mut table).await?;
    }
    if wanted("plugin") {
        plugin::measure(&folder.0.join("plugin"), &mut table).await?;
    }

    if wanted("signin") {
        signin::measure(&site("signin")?, &mut table).await?;
    }
    if wanted("providers") {
        providers::measure(&site("providers")?, &mut table).await?;
    }
    if wanted("bots") {
        bots::measure(&site("bots")?, &mut table).await?;
    }
    if wanted("realtime") {
        realtime::measure(&site("realtime")?, node, &program, &folder.0.join("baseline"), &mut table).await?;
    }
    if wanted("churn") {
        realtime::churn::measure(&site("churn")?, &mut table).await?;
    }
    // Ten minutes in which nothing happens: only for who asks for it.
    if parts.contains(&"hold") {
        realtime::hold(&site("hold")?, &mut table).await?;
    }

    println!("{table}");
    let json = target.join("bench.json");
    fs::write(&json, table.json(&cores))?;
    println!("The same with more details: {}", json.display());
    Ok(())
}

/// A folder for databases; it is gone when the measuring is over.
struct Folder(PathBuf);

impl Folder {
    fn create(path: PathBuf) -> Outcome<Self> {
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
