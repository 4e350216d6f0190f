//! `records`: the embedded teaching records.

mod file;

use std::io::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use model::SystemEntropy;
use storage::teacher_records::{self, ImportError};

use super::{CommandError, csv_file};
use crate::compose::{Ground, Nature};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum RecordsCommand {
    /// Replace all teaching records with those of a CSV file; until it is done, the old ones count
    Import {
        /// Its columns are those of config/teacher-records.sample.csv
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
        /// Do nothing if there are records already
        #[arg(long)]
        if_empty: bool,
    },
}

pub(super) fn execute(command: RecordsCommand, config: &Config) -> Result<(), CommandError> {
    let RecordsCommand::Import { file, if_empty } = command;
    let ground = Ground::open(config, &Nature::of_the_machine())?;
    if if_empty && ground.store.read_blocking(teacher_records::count)? > 0 {
        writeln!(std::io::stdout(), "There are teaching records already.")?;
        return Ok(());
    }
    let records = file::read(csv_file::open(&file)?);
    let imported = teacher_records::import(&ground.store, &ground.keyring, &SystemEntropy, records);
    let count = imported.map_err(|fault| match fault {
        ImportError::Source(unusable) => {
            CommandError::refused(format!("{}: {unusable}", file.display()))
        }
        ImportError::Storage(fault) => fault.into(),
        ImportError::Overtaken => CommandError::refused("another import began after this one"),
    })?;
    writeln!(std::io::stdout(), "Imported {count} teaching records.")?;
    Ok(())
}
