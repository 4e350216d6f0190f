//! What a form says, read once.

use std::collections::HashMap;

use model::Secret;
use model::raw_pairs::RawPairs;

/// A form of the journey: what every one of them carries, and the fields that its page reads.
#[derive(Debug)]
pub(crate) struct Form {
    /// The token that ties it to the browser; empty when it came without.
    pub(crate) csrf: String,
    /// The button that was pressed.
    pub(crate) action: Action,
    fields: Secret<HashMap<String, String>>,
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
    /// Change what was said before.
    ChangeAnswers,
    /// Go on without what is asked.
    Skip,
    /// Keep what is on the page and give another.
    Add,
    /// Take the one at that place of a list away; the first is at 0.
    Remove(usize),
    /// Go on without what the service only recommends.
    NotNow,
    /// What was shown once is saved.
    Saved,
    /// Take the second factor away that the page names.
    RemoveFactor,
    /// Give up and go back to the service.
    Cancel,
}

/// A form that no page of ours sends: a repeated field or an unknown button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Form {
    /// Reads an `application/x-www-form-urlencoded` body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = HashMap::new();
        for (name, value) in RawPairs::parse(body).iter() {
            let earlier = fields.insert(name.to_owned(), value.to_owned());
            if earlier.is_some() {
                return Err(Unreadable);
            }
        }
        Ok(Self {
            csrf: fields.remove("csrf").unwrap_or_default(),
            action: Action::parse(fields.remove("action").as_deref().unwrap_or(""))?,
            fields: Secret::new(fields),
        })
    }

    /// What was typed or chosen in a field; empty when it was left so or is not on the page.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.reveal().get(name).map_or("", String::as_str)
    }
}

impl Action {
    fn parse(name: &str) -> Result<Self, Unreadable> {
        match name {
            "" | "continue" => Ok(Self::Continue),
            "resend" => Ok(Self::Resend),
            "change-address" => Ok(Self::ChangeAddress),
            "change-answers" => Ok(Self::ChangeAnswers),
            "allow" => Ok(Self::Allow),
            "skip" => Ok(Self::Skip),
            "add" => Ok(Self::Add),
            "not-now" => Ok(Self::NotNow),
            "saved" => Ok(Self::Saved),
            "remove" => Ok(Self::RemoveFactor),
            "cancel" => Ok(Self::Cancel),
            _ => Self::parse_remove(name),
        }
    }

    /// `remove-0`: a button for each of a list.
    fn parse_remove(name: &str) -> Result<Self, Unreadable> {
        let place = name.strip_prefix("remove-").ok_or(Unreadable)?;
        place.parse().map(Self::Remove).map_err(|_| Unreadable)
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
        assert_eq!(form.field("email"), "ada@example.test");
        assert_eq!(form.field("code"), "042 917");
        assert_eq!(form.field("last-name"), "");
        assert_eq!(form.action, Action::Resend);
    }

    #[test]
    fn a_form_without_a_button_goes_on() {
        assert_eq!(Form::parse(b"").unwrap().action, Action::Continue);
        assert_eq!(Form::parse(b"action=").unwrap().action, Action::Continue);
    }

    #[test]
    fn each_of_a_list_has_its_button() {
        let pressed = |body: &str| Form::parse(body.as_bytes()).map(|form| form.action);

        assert_eq!(pressed("action=remove-12"), Ok(Action::Remove(12)));
        for foreign in ["remove-", "remove-x", "remove--1"] {
            let body = format!("action={foreign}");
            assert_eq!(pressed(&body), Err(Unreadable), "{foreign}");
        }
    }

    #[test]
    fn a_repeated_field_or_a_foreign_button_is_refused() {
        for body in [
            "code=1&code=2",
            "email=&email=a",
            "action=allow&action=cancel",
            "csrf=a&csrf=b",
            "never-seen=&never-seen=",
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
