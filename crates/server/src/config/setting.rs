//! The types a setting can have: how each is written, what is asked of it, how it is shown.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use ipnet::IpNet;
use url::Url;

use super::tree::Content;

/// A type that a setting can have.
pub(crate) trait Setting: Sized {
    /// Reads the value; `None` when it is not one of [`shape`](Self::shape).
    fn read(content: &Content) -> Option<Self>;

    /// What is right, as the rest of "must be ..".
    fn shape() -> String;

    /// The value as TOML.
    fn shown(&self) -> String;
}

/// A type with few values, each with a name.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// Every name and its value.
    const ALL: &'static [(&'static str, Self)];

    /// The value of that name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }
}

/// The names of a choice, as `"a", "b" or "c"`.
pub(crate) fn choices<C: Choice>() -> String {
    let quoted: Vec<String> = C::ALL
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

impl<C: Choice> Setting for C {
    fn read(content: &Content) -> Option<Self> {
        Self::named(text(content)?)
    }

    fn shape() -> String {
        choices::<Self>()
    }

    fn shown(&self) -> String {
        let name = C::ALL
            .iter()
            .find(|(_, value)| value == self)
            .map_or("", |(name, _)| *name);
        quote(name)
    }
}

/// The text of a TOML string or an environment variable, trimmed.
pub(crate) fn text(content: &Content) -> Option<&str> {
    match content {
        Content::Text(text) | Content::Variable(text) => Some(text.trim()),
        _ => None,
    }
}

/// A TOML string.
pub(crate) fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Setting for String {
    fn read(content: &Content) -> Option<Self> {
        text(content)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    fn shape() -> String {
        "text that is not empty".to_owned()
    }

    fn shown(&self) -> String {
        quote(self)
    }
}

impl Setting for bool {
    fn read(content: &Content) -> Option<Self> {
        match content {
            Content::Boolean(value) => Some(*value),
            Content::Variable(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn shape() -> String {
        "true or false".to_owned()
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

/// A whole number, zero or more, up to 4294967295.
impl Setting for u32 {
    fn read(content: &Content) -> Option<Self> {
        match content {
            Content::Integer(value) => Self::try_from(*value).ok(),
            Content::Variable(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn shape() -> String {
        "a whole number".to_owned()
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

/// A TCP port other than 0.
impl Setting for u16 {
    fn read(content: &Content) -> Option<Self> {
        let number = <u32 as Setting>::read(content)?;
        Self::try_from(number).ok().filter(|port| *port != 0)
    }

    fn shape() -> String {
        "a port number from 1 to 65535".to_owned()
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

/// A setting that is text parsed by the type's own `FromStr`.
macro_rules! parsed_from_text {
    ($type:ty, $shape:literal) => {
        impl Setting for $type {
            fn read(content: &Content) -> Option<Self> {
                text(content)?.parse().ok()
            }

            fn shape() -> String {
                $shape.to_owned()
            }

            fn shown(&self) -> String {
                quote(&self.to_string())
            }
        }
    };
}

parsed_from_text!(
    Url,
    "an absolute URL, for example \"https://example.org/path\""
);
parsed_from_text!(NaiveDate, "a date, for example \"2026-11-22\"");
parsed_from_text!(
    SocketAddr,
    "an address and a port, for example \"127.0.0.1:8080\""
);
parsed_from_text!(
    IpNet,
    "a network, for example \"10.0.0.0/8\" or \"fd00::/8\""
);

impl Setting for PathBuf {
    fn read(content: &Content) -> Option<Self> {
        <String as Setting>::read(content).map(Self::from)
    }

    fn shape() -> String {
        "a path".to_owned()
    }

    fn shown(&self) -> String {
        quote(&self.display().to_string())
    }
}
