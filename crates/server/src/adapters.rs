//! The ways mail leaves: what stands behind the journey's
//! [`Mailer`](journey::mailer::Mailer) port.

pub mod dev_mailbox;
pub mod notify;
pub mod smtp;
#[cfg(test)]
mod testing;
