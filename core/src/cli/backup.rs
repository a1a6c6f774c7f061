//! `community backup`: what a server needs to begin again. It is laid out like a data folder, so a server starts from the copy as it is.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{self, Component, Path, PathBuf},
};

use clap::Args as ClapArgs;

use super::Outcome;
use crate::{
    config::Config,
    serve::make_private,
    store::{Original, Store},
};

#[derive(ClapArgs)]
pub struct Args {
    /// The folder to make; it must not be there yet.
    folder: String,
}

pub async fn run(args: &Args, config: &Config) -> Outcome {
    let (folder, uploads) = (Path::new(&args.folder), config.uploads_directory());
    let is_sqlite = config.database_url().scheme() == "sqlite";
    if folder.exists() {
        return Err(format!("{} is there already: name a folder that is not, so that no two backups get mixed up", folder.display()).into());
    }
    if leads_to(folder)?.starts_with(leads_to(&uploads)?) {
        return Err(format!("{} is in the folder that is to be copied: name one outside of it", folder.display()).into());
    }
    if !is_sqlite && !uploads.exists() {
        return Err("there is nothing to copy: the database is PostgreSQL, so `pg_dump` it, and there is no folder of uploads".into());
    }
    // Before anything is made, which would be in the way of the next attempt.
    let database = if is_sqlite { Some(Store::original(&config.database, &config.data_dir).await?) } else { None };
    make_private(folder)?;
    copy(database, &uploads, folder).await.map_err(|error| format!("{error}; so {} is not complete", folder.display()).into())
}

/// Where a path leads of which the end may not be there yet.
fn leads_to(path: &Path) -> io::Result<PathBuf> {
    let mut place = PathBuf::new();
    for part in path::absolute(path)?.components() {
        if part == Component::ParentDir {
            place.pop();
        } else {
            place.push(part);
        }
        place = place.canonicalize().unwrap_or(place);
    }
    Ok(place)
}

/// The database comes first: whatever file it names is there then, and still when the files are copied.
async fn copy(database: Option<Original>, uploads: &Path, folder: &Path) -> Outcome {
    if let Some(database) = database {
        let file = folder.join("community.db");
        database.copy_to(&file).await?;
        say!("{}\tthe database", file.display());
    } else {
        say!("The database is not in it, since it is PostgreSQL.");
        say!("If you have not run `pg_dump` before this, run `pg_dump` and then this again: the files must be copied after the database.");
    }
    let whole = folder.canonicalize()?;
    if uploads.exists() {
        let target = folder.join("uploads");
        let count = copy_files(uploads, &target, std::slice::from_ref(&whole))?;
        say!("{}\tfiles: {count}", target.display());
    }
    // What is in a folder is on disk once its folder is.
    for made in [Some(&*whole), whole.parent()].into_iter().flatten() {
        sync(made).map_err(|error| failed(made, &error))?;
    }
    Ok(())
}

/// Copies all files below a folder, those that links lead to as well, and counts them. What goes away meanwhile has been removed by
/// somebody. `around` are the folders in which this one is found, and the one that is being made.
fn copy_files(from: &Path, to: &Path, around: &[PathBuf]) -> Result<usize, String> {
    let Some((place, entries)) = unless_gone(from, from.canonicalize().and_then(|place| Ok((place, fs::read_dir(from)?))))? else {
        return Ok(0);
    };
    if around.contains(&place) {
        return Err(format!("{} is a link to a folder around itself, so there is no end to what is in it", from.display()));
    }
    let around = [around, &[place]].concat();
    fs::create_dir(to).map_err(|error| failed(to, &error))?;
    let mut count = 0;
    for entry in entries {
        let entry = entry.map_err(|error| failed(from, &error))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let Some(about) = unless_gone(&path, fs::metadata(&path))? else { continue };
        if about.is_dir() {
            count += copy_files(&path, &target, &around)?;
        } else if about.is_file() && unless_gone(&path, fs::copy(&path, &target).and_then(|_| sync(&target)))?.is_some() {
            count += 1;
        }
    }
    sync(to).map_err(|error| failed(to, &error))?;
    Ok(count)
}

/// What became of `path`; `None` if it was removed meanwhile. A link that leads nowhere is still there.
fn unless_gone<T>(path: &Path, outcome: io::Result<T>) -> Result<Option<T>, String> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => Ok(None),
        outcome => outcome.map(Some).map_err(|error| failed(path, &error)),
    }
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be copied: {error}", path.display())
}

/// Waits until a file or folder is on disk.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
