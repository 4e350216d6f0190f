//! Who is signed in, in which browser.

use std::time::Duration;

use diesel::prelude::*;
use model::browser_session::{Authentication, BrowserSession};
use model::{SecretDigest, Timestamp, UserId};

use crate::connection::Connection;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{browser_sessions, users};
use crate::stored;
use crate::unit_of_work::Tx;

const TABLE: &str = "browser_sessions";

/// A session that is used more often than this slides only this often, so that most requests
/// of a live session write nothing for it.
const SLIDING_STEP: Duration = Duration::from_secs(60);

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// Ends when not used for this long.
    pub idle: Duration,
    /// Ends this long after it was opened, used or not.
    pub absolute: Duration,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = browser_sessions)]
struct SessionRow {
    sid: String,
    user_id: String,
    auth_time: i64,
    amr: String,
    acr: String,
    selected_at: i64,
    last_seen_at: i64,
    second_factor_at: Option<i64>,
}

impl SessionRow {
    fn into_session(self, has_second_factor: bool) -> Result<BrowserSession, StorageError> {
        let columns = (
            self.user_id,
            self.auth_time,
            self.amr.as_str(),
            self.acr.as_str(),
            self.second_factor_at,
        );
        Ok(BrowserSession {
            sid: self.sid,
            authentication: stored::authentication(TABLE, columns)?,
            has_second_factor,
            selected_at: Timestamp::from_millis(self.selected_at),
            last_seen_at: Timestamp::from_millis(self.last_seen_at),
        })
    }
}

/// The live session of a cookie's secret, unless its account is gone. Whether the account has a
/// second factor is read with it, in one statement.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    secret: &SecretDigest,
) -> Result<Option<BrowserSession>, StorageError> {
    let now = tx.now().millis();
    let row: Option<(SessionRow, i64)> = on_either!(tx, connection => browser_sessions::table
        .inner_join(users::table)
        .filter(browser_sessions::secret_digest.eq(secret.as_bytes().as_slice()))
        .filter(browser_sessions::expires_at.gt(now))
        .select((SessionRow::as_select(), users::has_second_factor))
        .first(connection)
        .optional())?;
    row.map(|(row, has_second_factor)| row.into_session(has_second_factor != 0))
        .transpose()
}

/// [`find`], for a unit of work that gives something away because of the session: it does not end
/// before this unit of work does, so that whatever ends it ends that, too.
///
/// PostgreSQL locks the row (`FOR KEY SHARE`); SQLite has one writer at a time anyway.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_to_use(
    tx: &mut Tx<'_>,
    secret: &SecretDigest,
) -> Result<Option<BrowserSession>, StorageError> {
    if let Connection::Postgres(connection) = tx.connection() {
        browser_sessions::table
            .find(secret.as_bytes().as_slice())
            .select(browser_sessions::sid)
            .for_key_share()
            .first::<String>(*connection)
            .optional()?;
    }
    find(tx, secret)
}

/// Puts off the idle end of a session that was just used, at most once a minute and never beyond
/// its absolute end. The authentication's time does not move.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn slide(
    tx: &mut Tx<'_>,
    session: &BrowserSession,
    lifetimes: SessionLifetimes,
) -> Result<(), StorageError> {
    let now = tx.now();
    if now.since(session.last_seen_at) < SLIDING_STEP {
        return Ok(());
    }
    let idle_end = now.plus(lifetimes.idle).millis();
    let end = diesel::dsl::case_when(
        browser_sessions::ends_at.lt(idle_end),
        browser_sessions::ends_at,
    )
    .otherwise(idle_end);
    on_either!(tx, connection => diesel::update(browser_sessions::table)
        .filter(browser_sessions::sid.eq(&session.sid))
        .filter(browser_sessions::last_seen_at.le(now.minus(SLIDING_STEP).millis()))
        .filter(browser_sessions::expires_at.gt(now.millis()))
        .set((
            browser_sessions::last_seen_at.eq(now.millis()),
            browser_sessions::expires_at.eq(end),
        ))
        .changed(connection))?;
    Ok(())
}

/// A sign-in that opens a session, or renews the one that the browser has.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The digest of the cookie secret to be, never one that was used before.
    pub secret: SecretDigest,
    /// The `sid`, if a session has to be opened.
    pub sid: String,
    /// Who signed in, and how.
    pub authentication: Authentication,
    /// When they chose the account.
    pub selected_at: Timestamp,
}

/// How signing in went on from what the browser had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The `sid` of the session that there is now.
    pub sid: String,
    /// The session of another person that had to make room:
    /// [`sign_out::close`](crate::sign_out::close) ends what was opened in it.
    pub replaced: Option<EndedSession>,
}

/// Opens a session; `None` when the account is gone, merged into another a moment ago: no session
/// of it is opened then, nor behind the one that the browser has.
///
/// When the browser already has a session of the same person, that session goes on under the new
/// secret (rotated, so that a secret learnt before the sign-in is worth nothing after it); a
/// session of another person is ended.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn open(
    tx: &mut Tx<'_>,
    new: &NewSession,
    presented: Option<&SecretDigest>,
    lifetimes: SessionLifetimes,
) -> Result<Option<Opened>, StorageError> {
    let authentication = &new.authentication;
    if !crate::users::share(tx, &authentication.user_id)? {
        return Ok(None);
    }
    let mut replaced = None;
    if let Some(presented) = presented {
        if let Some(sid) = renew(tx, new, presented, lifetimes)? {
            return Ok(Some(Opened { sid, replaced }));
        }
        replaced = end(tx, presented)?;
    }
    let now = tx.now();
    on_either!(tx, connection => diesel::insert_into(browser_sessions::table)
        .values((
            browser_sessions::secret_digest.eq(new.secret.as_bytes().as_slice()),
            browser_sessions::sid.eq(&new.sid),
            browser_sessions::user_id.eq(authentication.user_id.as_str()),
            browser_sessions::auth_time.eq(authentication.auth_time.millis()),
            browser_sessions::amr.eq(stored::amr_column(&authentication.amr)),
            browser_sessions::acr.eq(authentication.acr.as_str()),
            browser_sessions::second_factor_at
                .eq(authentication.second_factor_at.map(Timestamp::millis)),
            browser_sessions::selected_at.eq(new.selected_at.millis()),
            browser_sessions::created_at.eq(now.millis()),
            browser_sessions::last_seen_at.eq(now.millis()),
            browser_sessions::expires_at
                .eq(now.plus(lifetimes.idle.min(lifetimes.absolute)).millis()),
            browser_sessions::ends_at.eq(now.plus(lifetimes.absolute).millis()),
        ))
        .execute(connection))?;
    let sid = new.sid.clone();
    Ok(Some(Opened { sid, replaced }))
}

fn renew(
    tx: &mut Tx<'_>,
    new: &NewSession,
    presented: &SecretDigest,
    lifetimes: SessionLifetimes,
) -> Result<Option<String>, StorageError> {
    let now = tx.now();
    let authentication = &new.authentication;
    Ok(
        on_either!(tx, connection => diesel::update(browser_sessions::table)
        .filter(browser_sessions::secret_digest.eq(presented.as_bytes().as_slice()))
        .filter(browser_sessions::user_id.eq(authentication.user_id.as_str()))
        .filter(browser_sessions::expires_at.gt(now.millis()))
        .set((
            browser_sessions::secret_digest.eq(new.secret.as_bytes().as_slice()),
            browser_sessions::auth_time.eq(authentication.auth_time.millis()),
            browser_sessions::amr.eq(stored::amr_column(&authentication.amr)),
            browser_sessions::acr.eq(authentication.acr.as_str()),
            browser_sessions::second_factor_at
                .eq(authentication.second_factor_at.map(Timestamp::millis)),
            browser_sessions::selected_at.eq(new.selected_at.millis()),
            browser_sessions::last_seen_at.eq(now.millis()),
            browser_sessions::expires_at
                .eq(now.plus(lifetimes.idle.min(lifetimes.absolute)).millis()),
            browser_sessions::ends_at.eq(now.plus(lifetimes.absolute).millis()),
        ))
        .returning(browser_sessions::sid)
        .prepared()
        .get_result(connection)
        .optional())?,
    )
}

/// What a session was when it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Its `sid`.
    pub sid: String,
    /// Who was signed in.
    pub user_id: UserId,
}

/// Ends the session of a cookie's secret; `None` when there is none.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn end(tx: &mut Tx<'_>, secret: &SecretDigest) -> Result<Option<EndedSession>, StorageError> {
    let ended: Option<(String, String)> = on_either!(tx, connection => diesel::delete(
            browser_sessions::table.find(secret.as_bytes().as_slice()),
        )
        .returning((browser_sessions::sid, browser_sessions::user_id))
        .get_result(connection)
        .optional())?;
    Ok(ended.map(|(sid, user_id)| EndedSession {
        sid,
        user_id: UserId::new(user_id),
    }))
}

/// Ends every session of a person. Of use only with what else signing in opened
/// ([`users::sign_out_everywhere`](crate::users::sign_out_everywhere)).
pub(crate) fn end_all_of(tx: &mut Tx<'_>, user_id: &UserId) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::delete(browser_sessions::table)
        .filter(browser_sessions::user_id.eq(user_id.as_str()))
        .execute(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests;
