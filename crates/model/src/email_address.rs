//! An email address, as GOV.UK Notify would accept it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Host;

use crate::invisible::is_invisible;

/// An email address.
///
/// Shape: what GOV.UK Notify accepts, at most 254 characters: an ASCII local part, no doubled dot,
/// a host of at least two labels whose last is a name. Spaces and zero-width characters around or
/// inside are removed. Kept as typed; compared through [`lookup`](Self::lookup). Prints masked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    typed: String,
    lookup: String,
}

/// A text that is no email address, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmailAddress {
    /// Nothing was typed.
    #[error("nothing was entered")]
    Empty,
    /// More than 254 characters.
    #[error("the address is longer than 254 characters")]
    TooLong,
    /// It is not of the shape `name@example.com`.
    #[error("the address is not like name@example.com")]
    Malformed,
}

/// Why an address is likely to be lost or read by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressConcern {
    /// It belongs to a school or other workplace and is lost when the person moves.
    Workplace,
    /// It is a role's mailbox, such as `office@`, that several people read.
    SharedMailbox,
}

const SHARED_LOCAL_PARTS: [&str; 34] = [
    "accounts",
    "admin",
    "administration",
    "admissions",
    "attendance",
    "bursar",
    "careers",
    "contact",
    "deputy",
    "deputyhead",
    "enquiries",
    "enquiry",
    "exams",
    "finance",
    "head",
    "headmaster",
    "headmistress",
    "headofschool",
    "headteacher",
    "hello",
    "hr",
    "info",
    "mail",
    "office",
    "postmaster",
    "principal",
    "reception",
    "recruitment",
    "school",
    "schooloffice",
    "secretary",
    "senco",
    "staff",
    "support",
];

impl EmailAddress {
    /// Longest address, in characters.
    pub const MAX_LEN: usize = 254;

    /// Reads an address as a person typed it.
    ///
    /// # Errors
    ///
    /// [`InvalidEmailAddress`] says what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidEmailAddress> {
        let typed: String = typed.chars().filter(|c| !is_invisible(*c)).collect();
        if typed.is_empty() {
            return Err(InvalidEmailAddress::Empty);
        }
        if typed.chars().count() > Self::MAX_LEN {
            return Err(InvalidEmailAddress::TooLong);
        }
        let lookup = lookup_form(&typed).ok_or(InvalidEmailAddress::Malformed)?;
        Ok(Self { typed, lookup })
    }

    /// The address as typed, for sending and showing.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// The form by which two spellings of one address are equal: lower case, the host in ASCII.
    #[must_use]
    pub fn lookup(&self) -> &str {
        &self.lookup
    }

    /// Whether nobody can have the address: its top-level domain, `.test` or `.example`, is kept
    /// free for trials and documents (RFC 2606 §2).
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        let top = self.lookup.rsplit('.').next();
        matches!(top, Some("test" | "example"))
    }

    /// Whether the address is likely to be lost or read by others: `.sch.uk`, one of
    /// `workplace_domains` (lower case, matching subdomains too), or a role's mailbox.
    #[must_use]
    pub fn concern(&self, workplace_domains: &[String]) -> Option<AddressConcern> {
        let (local, host) = self.lookup.split_once('@')?;
        let role = local
            .split('+')
            .next()
            .unwrap_or(local)
            .replace(['.', '-', '_'], "");
        if SHARED_LOCAL_PARTS.contains(&role.as_str()) {
            return Some(AddressConcern::SharedMailbox);
        }
        let is_within = |domain: &str| {
            host.strip_suffix(domain)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let is_workplace =
            is_within("sch.uk") || workplace_domains.iter().any(|domain| is_within(domain));
        is_workplace.then_some(AddressConcern::Workplace)
    }
}

/// The comparing form; `None` when the text is not an address by GOV.UK Notify's rule.
fn lookup_form(typed: &str) -> Option<String> {
    let (local, host) = typed.split_once('@')?;
    let is_local =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    if local.is_empty() || !local.bytes().all(is_local) || typed.contains("..") {
        return None;
    }
    if host.starts_with('.') || host.contains(['%', '[', ':', '/']) {
        return None;
    }
    let Ok(Host::Domain(host)) = Host::parse(host) else {
        return None;
    };
    is_mail_host(&host).then(|| format!("{}@{host}", local.to_ascii_lowercase()))
}

fn is_mail_host(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_top = |label: &&str| {
        label.starts_with("xn--")
            || (label.len() >= 2 && label.bytes().all(|byte| byte.is_ascii_alphabetic()))
    };
    host.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(is_label)
        && labels.last().is_some_and(is_top)
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmailAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.typed
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_unusual_addresses_are_read() {
        for accepted in [
            "ada@example.test",
            "Ada.Lovelace@Example.COM",
            "ada+school@example.co.uk",
            "o'neill@example.test",
            "a@b.cd",
            "x!#$%&'*+/=?^_`{|}~-y@example.test",
            "1234567890@example.test",
            "ada@sub.domain.example.test",
            "ada@exämple.test",
            "ada@xn--exmple-cua.test",
            "ada@example-host.test",
            "ada@123.example",
            "_@example.test",
            "ada@example.education",
            "ada.@example.test",
            ".ada@example.test",
            "ada@a.b.c.d.example",
            "ADA@EXAMPLE.TEST",
            "ada@example.xn--p1ai",
            "very.long.local.part.with.many.dots@example.test",
        ] {
            assert!(EmailAddress::parse(accepted).is_ok(), "{accepted}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for refused in [
            "ada",
            "@example.test",
            "ada@",
            "ada@example",
            "ada@@example.test",
            "ada@example..test",
            "a..da@example.test",
            "ada@.example.test",
            "ada@example.t",
            "ada@example.123",
            "ada@-example.test",
            "ada@example-.test",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1",
            "ada;bob@example.test",
            "ada@exa_mple.test",
            "\"ada\"@example.test",
            "ada@example.test,bob@example.test",
            "ädä@example.test",
            "ada<x>@example.test",
            "ada@example.test>",
            "ada\\@example.test",
            "(ada)@example.test",
            "ada@exam/ple.test",
        ] {
            assert_eq!(
                EmailAddress::parse(refused),
                Err(InvalidEmailAddress::Malformed),
                "{refused}"
            );
        }
        assert_eq!(EmailAddress::parse("  "), Err(InvalidEmailAddress::Empty));
    }

    #[test]
    fn an_address_of_254_characters_is_read_and_one_of_255_is_not() {
        let address = |len: usize| format!("{}@{}.test", "a".repeat(len - 69), "b".repeat(63));

        assert!(EmailAddress::parse(&address(254)).is_ok());
        assert_eq!(
            EmailAddress::parse(&address(255)),
            Err(InvalidEmailAddress::TooLong)
        );
    }

    #[test]
    fn spaces_that_phones_add_are_dropped_and_case_does_not_matter() {
        let address = EmailAddress::parse(" Ada@Example.test\u{200b} ").unwrap();

        assert_eq!(address.as_typed(), "Ada@Example.test");
        assert_eq!(address.lookup(), "ada@example.test");
    }

    #[test]
    fn school_and_shared_addresses_raise_a_concern() {
        let concern = |text: &str| {
            EmailAddress::parse(text)
                .unwrap()
                .concern(&["academy.example".to_owned()])
        };

        assert_eq!(
            concern("ada@hill.kent.sch.uk"),
            Some(AddressConcern::Workplace)
        );
        assert_eq!(
            concern("ada@mail.academy.example"),
            Some(AddressConcern::Workplace)
        );
        assert_eq!(
            concern("head.teacher@example.test"),
            Some(AddressConcern::SharedMailbox)
        );
        assert_eq!(
            concern("office@hill.kent.sch.uk"),
            Some(AddressConcern::SharedMailbox)
        );
        assert_eq!(concern("ada@notacademy.example"), None);
        assert_eq!(concern("ada@example.test"), None);
    }

    #[test]
    fn only_an_address_under_a_reserved_top_level_domain_is_reserved() {
        let is_reserved = |text: &str| EmailAddress::parse(text).unwrap().is_reserved();

        for reserved in [
            "ada@school.test",
            "ada@sub.domain.example",
            "ADA@School.TEST",
            "ada@ｓchool.ｔest",
        ] {
            assert!(is_reserved(reserved), "{reserved}");
        }
        for real in [
            "ada@test.evil.org",
            "ada@example.test.evil",
            "ada@example.com",
            "ada@mytest.org",
            "a.test@real.org",
            "ada@real.protest",
        ] {
            assert!(!is_reserved(real), "{real}");
        }
        // A root that is written out, or nothing but the reserved name, is no address at all.
        for refused in ["ada@evil.org.test.", "ada@test"] {
            assert!(EmailAddress::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn an_address_does_not_print() {
        let address = EmailAddress::parse("ada@example.test").unwrap();

        assert_eq!(format!("{address:?}"), "EmailAddress(..)");
    }
}
