//! What may happen only so often, counted for all nodes in one place.

use std::time::Duration;

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::upsert::excluded;
use model::Timestamp;

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::limits;
use crate::unit_of_work::Tx;

/// How often something may happen: `count` times in any window of `per`, the window beginning
/// with the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many times; 0 is never.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

/// One counter: what is counted, by whom, and how much is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// What is counted, for example `send_to_address_per_day`.
    pub kind: &'static str,
    /// The keyed digest of the address or client address that it is counted by.
    pub subject: Vec<u8>,
    /// How much is allowed.
    pub limit: Limit,
}

/// Whether something may happen once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// It may, and was counted.
    Allowed,
    /// It may not before that instant; nothing was counted.
    Refused {
        /// When to try again.
        until: Timestamp,
    },
}

/// Counts one more in every counter, or in none when one of them is full.
///
/// Each counter is one conditional upsert, so parallel calls never pass a limit together.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn hit(tx: &mut Tx<'_>, counters: &[Counter]) -> Result<Hit, StorageError> {
    for (index, counter) in counters.iter().enumerate() {
        if let Hit::Refused { until } = hit_one(tx, counter)? {
            release(tx, counters.get(..index).unwrap_or_default())?;
            return Ok(Hit::Refused { until });
        }
    }
    Ok(Hit::Allowed)
}

/// Takes back one count from every counter: what was counted did not happen after all.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn release(tx: &mut Tx<'_>, counters: &[Counter]) -> Result<(), StorageError> {
    for counter in counters {
        on_either!(tx, connection => diesel::update(limits::table)
            .filter(limits::kind.eq(counter.kind))
            .filter(limits::subject.eq(&counter.subject))
            .filter(limits::count.gt(0))
            .set(limits::count.eq(limits::count - 1))
            .changed(connection))?;
    }
    Ok(())
}

/// How much more may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many times, before a counter is full.
    pub left: u32,
    /// When there is more room again, if there is none now.
    pub until: Timestamp,
}

/// What is left in the fullest of several counters; in none, everything. Counts nothing: only
/// [`hit`] decides what may happen.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn room(tx: &mut Tx<'_>, counters: &[Counter]) -> Result<Room, StorageError> {
    let mut fullest = Room {
        left: u32::MAX,
        until: tx.now(),
    };
    for counter in counters {
        let room = room_in(tx, counter)?;
        let is_fuller = (room.left, fullest.until) < (fullest.left, room.until);
        if is_fuller {
            fullest = room;
        }
    }
    Ok(fullest)
}

fn room_in(tx: &mut Tx<'_>, counter: &Counter) -> Result<Room, StorageError> {
    let now = tx.now();
    let found: Option<(i64, i64)> = on_either!(tx, connection => limits::table
        .find((counter.kind, &counter.subject))
        .select((limits::count, limits::expires_at))
        .first(connection)
        .optional())?;
    let (count, until) = match found {
        Some((count, until)) if until > now.millis() => (count, Timestamp::from_millis(until)),
        _ => (0, now),
    };
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Room {
        left: counter.limit.count.saturating_sub(count),
        until,
    })
}

fn hit_one(tx: &mut Tx<'_>, counter: &Counter) -> Result<Hit, StorageError> {
    let now = tx.now();
    if counter.limit.count == 0 {
        let until = now.plus(counter.limit.per);
        return Ok(Hit::Refused { until });
    }
    let window_is_over = limits::expires_at.le(now.millis());
    let upsert = diesel::insert_into(limits::table)
        .values((
            limits::kind.eq(counter.kind),
            limits::subject.eq(&counter.subject),
            limits::count.eq(1),
            limits::expires_at.eq(now.plus(counter.limit.per).millis()),
        ))
        .on_conflict((limits::kind, limits::subject))
        .do_update()
        .set((
            limits::count.eq(case_when(
                window_is_over,
                1_i64.into_sql::<diesel::sql_types::BigInt>(),
            )
            .otherwise(limits::count + 1)),
            limits::expires_at.eq(case_when(window_is_over, excluded(limits::expires_at))
                .otherwise(limits::expires_at)),
        ));
    let has_room = limits::count.lt(i64::from(counter.limit.count));
    let conditional = FilterDsl::filter(upsert, window_is_over.or(has_room));
    let hits = on_either!(tx, connection => conditional.changed(connection))?;
    if hits == 1 {
        return Ok(Hit::Allowed);
    }
    let until: Option<i64> = on_either!(tx, connection => limits::table
        .find((counter.kind, &counter.subject))
        .select(limits::expires_at)
        .first(connection)
        .optional())?;
    Ok(Hit::Refused {
        until: until.map_or(now, Timestamp::from_millis),
    })
}

#[cfg(test)]
mod tests;
