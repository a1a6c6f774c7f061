//! `community backup`: what a server needs to begin again. It is laid out like a data folder, so a server starts from the copy as it is.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{self, Path},
};

use clap::Args as ClapArgs;

use super::Outcome;
use crate::{config::Config, serve::make_private, store::Store};

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
    if path::absolute(folder)?.starts_with(path::absolute(&uploads)?) {
        return Err(format!("{} is in the folder that is to be copied: name one outside of it", folder.display()).into());
    }
    if !is_sqlite && !uploads.exists() {
        return Err("there is nothing to copy: the database is PostgreSQL, so `pg_dump` it, and there is no folder of uploads".into());
    }
    make_private(folder)?;
    copy(config, is_sqlite, &uploads, folder).await.map_err(|error| format!("{error}; so {} is not complete", folder.display()).into())
}

/// The database comes first: whatever file it names is there then, and still when the files are copied.
async fn copy(config: &Config, is_sqlite: bool, uploads: &Path, folder: &Path) -> Outcome {
    if is_sqlite {
        let file = folder.join("community.db");
        Store::back_up(&config.database, &config.data_dir, &file).await?;
        say!("{}\tthe database", file.display());
    } else {
        say!("The database is not in it, since it is PostgreSQL: copy it with `pg_dump`, before the files.");
    }
    if uploads.exists() {
        let target = folder.join("uploads");
        let count = copy_files(uploads, &target).map_err(|error| format!("{} cannot be copied: {error}", uploads.display()))?;
        say!("{}\tfiles: {count}", target.display());
    }
    Ok(())
}

/// Copies all files below a folder and counts them. What goes away meanwhile has been removed by somebody.
fn copy_files(from: &Path, to: &Path) -> io::Result<usize> {
    fs::create_dir(to)?;
    let mut count = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            count += copy_files(&entry.path(), &target)?;
        } else if kind.is_file() {
            match fs::copy(entry.path(), &target) {
                Ok(_) => count += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(count)
}
