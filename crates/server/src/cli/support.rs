//! `support`: what only staff can decide.

mod show;

use std::io::Write as _;

use clap::{Args, Subcommand};
use journey::Journey;
use journey::support::{Reference, Settlement, settle};
use model::trn::Trn;
use storage::support_tasks::{self, SupportTask};

use super::CommandError;
use super::output::{date, table};
use crate::compose::{self, Ground, Nature};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum SupportCommand {
    /// List the tasks that are open, the longest waiting first
    List,
    /// Show all that a task holds, and which teaching records may be the person's
    Show {
        /// Its number, for example GAI-7K3M-Q2X9
        #[arg(value_parser = reference)]
        reference: Reference,
    },
    /// Settle a task; its person is told by email
    Close {
        /// Its number, for example GAI-7K3M-Q2X9
        #[arg(value_parser = reference)]
        reference: Reference,
        #[command(flatten)]
        decision: Decision,
    },
}

/// What staff decided: exactly one of these.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag, and clap lets one of them be given"
)]
pub(super) struct Decision {
    /// Give the account this TRN (status Found, level Medium)
    #[arg(long, value_name = "TRN", value_parser = trn)]
    trn: Option<Trn>,
    /// Give the account that asked the TRN in question, and take it from the account that has it
    #[arg(long)]
    move_trn: bool,
    /// No TRN can be given (status Failed)
    #[arg(long)]
    failed: bool,
    /// Give the account the address that its person proved, when the notice to its old address is
    /// over
    #[arg(long)]
    apply_address: bool,
    /// Remove every passkey, the authenticator app and the recovery codes of the account, and sign
    /// it out everywhere
    #[arg(long)]
    remove_second_factor: bool,
    /// Change nothing
    #[arg(long)]
    no_change: bool,
}

impl From<Decision> for Settlement {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision { trn: Some(trn), .. } => Self::Trn(trn),
            Decision { move_trn: true, .. } => Self::MoveTrn,
            Decision { failed: true, .. } => Self::NoTrn,
            Decision {
                apply_address: true,
                ..
            } => Self::ApplyAddress,
            Decision {
                remove_second_factor: true,
                ..
            } => Self::RemoveSecondFactor,
            Decision { .. } => Self::NoChange,
        }
    }
}

fn reference(typed: &str) -> Result<Reference, String> {
    Reference::parse(typed).ok_or_else(|| "must be a number like GAI-7K3M-Q2X9".to_owned())
}

fn trn(typed: &str) -> Result<Trn, String> {
    Trn::parse(typed).map_err(|_| "must be a TRN: 7 digits".to_owned())
}

pub(super) fn execute(command: SupportCommand, config: &Config) -> Result<(), CommandError> {
    let nature = Nature::of_the_machine();
    let ground = Ground::open(config, &nature)?;
    let journey = || compose::journey_alone(config, &nature, &ground);
    match command {
        SupportCommand::List => list(&ground),
        SupportCommand::Show { reference } => show::show(&journey()?, &reference),
        SupportCommand::Close {
            reference,
            decision,
        } => close(&journey()?, &reference, decision.into()),
    }
}

/// More than these nobody reads at once.
const LISTED: u32 = 1_000;

fn list(ground: &Ground) -> Result<(), CommandError> {
    let tasks = ground
        .store
        .read_blocking(|tx| support_tasks::list(tx, LISTED))?;
    let mut out = std::io::stdout();
    if tasks.is_empty() {
        writeln!(out, "No task is open.")?;
        return Ok(());
    }
    let heading = ["reference", "kind", "client", "opened"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(heading)
        .chain(tasks.iter().map(row))
        .collect();
    Ok(table(&mut out, &rows)?)
}

fn row(task: &SupportTask) -> [String; 4] {
    let client = task.client_id.as_ref();
    [
        task.reference.clone(),
        task.kind.clone(),
        client.map_or_else(String::new, ToString::to_string),
        date(task.opened_at),
    ]
}

fn close(
    journey: &Journey,
    reference: &Reference,
    settlement: Settlement,
) -> Result<(), CommandError> {
    match &settlement {
        Settlement::Trn(trn) => show::check_record(journey, trn)?,
        Settlement::MoveTrn => show::check_record_in_question(journey, reference)?,
        _ => {}
    }
    let company = journey.clone();
    let number = reference.clone();
    let settled = journey
        .store
        .write_blocking(move |tx| settle(tx, &company, &number, &settlement))?;
    settled.map_err(|refusal| CommandError::refused(refusal.to_string()))?;
    writeln!(std::io::stdout(), "{reference} is closed.")?;
    Ok(())
}
