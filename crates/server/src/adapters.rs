//! The ways out: what stands behind the journey's ports
//! [`Mailer`](journey::mailer::Mailer) and
//! [`TeacherRecords`](journey::teacher_records::TeacherRecords).

pub mod dev_mailbox;
pub mod notify;
pub mod smtp;
pub mod teacher_records;
#[cfg(test)]
mod testing;
