//! What a form says, read once.

use model::Secret;
use model::raw_pairs::{RawPairs, Repeated};

/// A form of the journey, as far as it can be read without knowing its page.
#[derive(Debug)]
pub(crate) struct Form {
    /// The token that ties it to the browser; empty when it came without.
    pub(crate) csrf: String,
    /// The button that was pressed.
    pub(crate) action: Action,
    /// The address as typed; empty where the page has no such field.
    pub(crate) email: Secret<String>,
    /// The code as typed; empty where the page has no such field.
    pub(crate) code: Secret<String>,
}

/// A button of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Go on with what is on the page; also a form that was sent without a button.
    Continue,
    /// Send another code.
    Resend,
    /// Use another address.
    ChangeAddress,
    /// Share what was asked.
    Allow,
    /// Give up and go back to the service.
    Cancel,
}

/// A form that no page of ours sends: a repeated field or an unknown button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl From<Repeated> for Unreadable {
    fn from(_: Repeated) -> Self {
        Self
    }
}

impl Form {
    /// Reads an `application/x-www-form-urlencoded` body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let pairs = RawPairs::parse(body);
        let text = |name| pairs.one(name).map(|value| value.unwrap_or("").to_owned());
        Ok(Self {
            csrf: text("csrf")?,
            action: Action::parse(pairs.one("action")?)?,
            email: Secret::new(text("email")?),
            code: Secret::new(text("code")?),
        })
    }
}

impl Action {
    fn parse(name: Option<&str>) -> Result<Self, Unreadable> {
        match name {
            None | Some("continue") => Ok(Self::Continue),
            Some("resend") => Ok(Self::Resend),
            Some("change-address") => Ok(Self::ChangeAddress),
            Some("allow") => Ok(Self::Allow),
            Some("cancel") => Ok(Self::Cancel),
            Some(_) => Err(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_and_button_is_read() {
        let form = Form::parse(b"csrf=t&email=ada%40example.test&code=042+917&action=resend");

        let form = form.unwrap();
        assert_eq!(form.csrf, "t");
        assert_eq!(form.email.reveal(), "ada@example.test");
        assert_eq!(form.code.reveal(), "042 917");
        assert_eq!(form.action, Action::Resend);
    }

    #[test]
    fn a_form_without_a_button_goes_on() {
        assert_eq!(Form::parse(b"").unwrap().action, Action::Continue);
    }

    #[test]
    fn a_repeated_field_or_a_foreign_button_is_refused() {
        for body in [
            "code=1&code=2",
            "email=&email=a",
            "action=allow&action=cancel",
            "csrf=a&csrf=b",
            "action=delete",
        ] {
            assert_eq!(
                Form::parse(body.as_bytes()).unwrap_err(),
                Unreadable,
                "{body}"
            );
        }
    }

    #[test]
    fn what_was_typed_does_not_print() {
        let form = Form::parse(b"email=ada%40example.test&code=042917").unwrap();

        let printed = format!("{form:?}");

        assert!(!printed.contains("ada") && !printed.contains("042917"));
    }
}
