//! `providers`: the training providers that people choose from.

use std::io::{Read, Write as _};
use std::path::PathBuf;

use clap::Subcommand;
use serde::Deserialize;
use storage::Tx;
use storage::training_providers::{self, TrainingProvider};

use super::CommandError;
use super::csv_file::{self, Unusable};
use crate::compose::{Ground, Nature};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum ProvidersCommand {
    /// Replace the list with that of a CSV file
    Import {
        /// Its columns are `ukprn` and `name`, as in config/training-providers.sample.csv
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
        /// Do nothing if there are providers already
        #[arg(long)]
        if_empty: bool,
    },
}

pub(super) fn execute(command: ProvidersCommand, config: &Config) -> Result<(), CommandError> {
    let ProvidersCommand::Import { file, if_empty } = command;
    let ground = Ground::open(config, &Nature::of_the_machine())?;
    let any = |tx: &mut Tx<'_>| training_providers::search(tx, "", 1);
    if if_empty && !ground.store.read_blocking(any)?.is_empty() {
        writeln!(std::io::stdout(), "There are training providers already.")?;
        return Ok(());
    }
    let providers = read(csv_file::open(&file)?);
    let providers = providers
        .map_err(|unusable| CommandError::refused(format!("{}: {unusable}", file.display())))?;
    let count = providers.len();
    ground
        .store
        .write_blocking(move |tx| training_providers::replace_all(tx, &providers))?;
    writeln!(std::io::stdout(), "Imported {count} training providers.")?;
    Ok(())
}

#[derive(Deserialize)]
struct Line {
    ukprn: String,
    name: String,
}

/// The providers of a file; each number may be there once.
fn read(file: impl Read) -> Result<Vec<TrainingProvider>, Unusable> {
    let mut numbers = std::collections::HashSet::new();
    csv_file::lines(file)
        .map(|read| {
            let (line, Line { ukprn, name }) = read?;
            let is_ukprn = ukprn.len() == 8 && ukprn.bytes().all(|byte| byte.is_ascii_digit());
            if !is_ukprn {
                return Err(Unusable::value(line, "ukprn", "8 digits"));
            }
            if !numbers.insert(ukprn.clone()) {
                return Err(Unusable::value(
                    line,
                    "ukprn",
                    "a number that is there once",
                ));
            }
            if name.is_empty() {
                return Err(Unusable::value(line, "name", "there"));
            }
            Ok(TrainingProvider { ukprn, name })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_has_a_number_of_its_own_and_a_name() {
        let read = |lines: &str| {
            let read = read(format!("ukprn,name\n{lines}").as_bytes());
            read.map_err(|unusable| unusable.to_string())
        };

        assert_eq!(read("99000001,\"Hill, University of\"\n").unwrap().len(), 1);
        for (lines, told) in [
            ("9900001,Hill", "line 2: ukprn must be 8 digits"),
            ("9900000x,Hill", "line 2: ukprn must be 8 digits"),
            ("99000001,", "line 2: name must be there"),
            (
                "99000001,Hill\n99000001,Dale",
                "line 3: ukprn must be a number that is there once",
            ),
        ] {
            assert_eq!(read(lines).unwrap_err(), told);
        }
    }

    #[test]
    fn the_sample_is_of_more_than_60_providers() {
        let sample = include_str!("../../../../config/training-providers.sample.csv");

        assert!(read(sample.as_bytes()).unwrap().len() >= 60);
    }
}
