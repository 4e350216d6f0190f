//! Where teaching records come from: what stands behind the journey's
//! [`TeacherRecords`](journey::teacher_records::TeacherRecords) port.

mod breaker;
pub mod embedded;
pub mod http;
#[cfg(test)]
mod testing;
