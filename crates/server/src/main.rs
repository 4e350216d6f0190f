//! The program `get-an-identity`.

fn main() {}
