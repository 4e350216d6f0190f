//! `data`: what is sealed in the database.

use std::io::Write as _;

use clap::Subcommand;
use model::SystemEntropy;
use storage::rewrap::{Rewrapped, forget_removed_keys, rewrap};
use storage::teacher_records::{self, ImportError};

use super::CommandError;
use crate::compose::{Ground, Nature};
use crate::config::Config;

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum DataCommand {
    /// Seal and digest everything anew under the first key of the keyring, so that the others can
    /// be removed; people go on signing in meanwhile
    Rewrap,
}

pub(super) fn execute(command: DataCommand, config: &Config) -> Result<(), CommandError> {
    let DataCommand::Rewrap = command;
    let Ground { store, keyring, .. } = Ground::open(config, &Nature::of_the_machine())?;
    let mut out = std::io::stdout();
    let mut unopenable = 0;
    for Rewrapped {
        table,
        rows,
        unopenable: closed,
    } in rewrap(&store, &keyring, &SystemEntropy)?
    {
        writeln!(out, "{table}: {rows} sealed anew")?;
        unopenable += closed;
    }
    let forgotten = forget_removed_keys(&store, &keyring)?;
    writeln!(out, "trn_digests: {forgotten} under removed keys deleted")?;
    let records = teacher_records::rewrap(&store, &keyring, &SystemEntropy);
    let records = records.map_err(|fault| match fault {
        ImportError::Source(fault) | ImportError::Storage(fault) => fault.into(),
        ImportError::Overtaken => CommandError::refused("an import began meanwhile: try again"),
    })?;
    writeln!(out, "teacher_records: {records} sealed anew")?;
    if unopenable > 0 {
        let told = format!("{unopenable} values are under keys that the keyring lacks");
        return Err(CommandError::refused(told));
    }
    Ok(())
}
