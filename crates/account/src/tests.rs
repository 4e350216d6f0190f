//! The account area over real databases, as browsers use and misuse it.

mod attacks;
mod pages;
mod services;
mod world;
