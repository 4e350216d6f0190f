//! Why an operation did not count.

use std::io;

/// What went wrong with one operation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The server closed the connection before the answer was whole.
    #[error("the server closed the connection")]
    Closed,
    /// Another status than the one that means success here.
    #[error("status {got} where {expected} was due: {body}")]
    Status {
        /// The status due.
        expected: u16,
        /// The status that came.
        got: u16,
        /// The beginning of the body.
        body: String,
    },
    /// The status was right and the content was not.
    #[error("the answer does not hold {0}")]
    Content(&'static str),
    /// A redirect to a place that means failure.
    #[error("sent to {0}")]
    Elsewhere(String),
    /// No mail came for an address in time.
    #[error("no mail came")]
    NoMail,
}

impl Fault {
    /// Nothing if what an answer must hold is there.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`].
    pub(crate) fn unless(is_there: bool, what: &'static str) -> Result<(), Self> {
        if is_there {
            Ok(())
        } else {
            Err(Self::Content(what))
        }
    }
}
