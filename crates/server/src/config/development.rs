//! `[development]`: what lets a program drive the pages, for certification and the like. Refused in
//! every environment but development, and never about an address that somebody can have.

use journey::ReservedAddresses;
use model::{Secret, email_code};

use super::environment::Environment;
use super::section::Section;

pub(crate) fn read(section: &mut Section<'_>, environment: Environment) -> ReservedAddresses {
    let fixed: Option<Secret<String>> = section.optional("fixed_email_code");
    let limit = section.optional("reserved_address_limit");
    let is_development = environment == Environment::Development;
    section.check(
        fixed.is_none() || is_development,
        "fixed_email_code",
        "must not be set unless the environment is \"development\": whoever knows it signs in as \
         anybody whose address is under .test or .example",
    );
    section.check(
        limit.is_none() || is_development,
        "reserved_address_limit",
        "must not be set unless the environment is \"development\"",
    );
    let fixed_code = fixed.map(|typed| email_code::parse(typed.reveal()));
    section.check(
        !matches!(fixed_code, Some(Err(_))),
        "fixed_email_code",
        "must be 6 digits",
    );
    ReservedAddresses {
        fixed_code: fixed_code.and_then(Result::ok),
        limit,
    }
}
