//! What a page is made of.

use serde::Serialize;

/// A page: its data, its template, its title and examples of every state it can be in.
///
/// The template is filled with the fields of the type itself and three of the site:
/// `product_name`, `organisation` and `support_email`. Templates are strict: a field that does
/// not exist is a fault, also in a condition.
pub trait View: Serialize {
    /// The template's name: the path below `templates/` without `.hbs`, for example
    /// `journey/email`.
    const TEMPLATE: &'static str;

    /// The question the page asks or the news it brings; the same words as its `h1`.
    fn title(&self) -> String;

    /// What is wrong with what was typed, in the order of the fields. A page with errors shows
    /// the summary above its heading and `Error: ` before its title, without more ado.
    fn errors(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// One example of each state, for the tests that render, check and photograph every page.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// One line of the error summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The id of the input to go to, the same as its name.
    pub field: &'static str,
    /// What to do, in the words that also stand above the input.
    pub message: String,
}

/// A text input: what the person typed and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Shown in the input, as it was typed.
    pub value: String,
    /// What to do, for example `Enter your email address`; `None` when nothing is wrong.
    pub error: Option<String>,
}

impl Field {
    /// An input that holds a value and no error.
    #[must_use]
    pub fn holding(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            error: None,
        }
    }

    /// An input whose value was refused.
    #[must_use]
    pub fn refused(value: impl Into<String>, error: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            error: Some(error.into()),
        }
    }

    /// The error as a line of the summary, for [`View::errors`].
    #[must_use]
    pub fn error_at(&self, field: &'static str) -> Option<FieldError> {
        let message = self.error.clone()?;
        Some(FieldError { field, message })
    }
}

/// A value that a form sends back unseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HiddenField {
    /// The form field's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The service a person came from, and where to go to get back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceLink {
    /// The service's name as people know it.
    pub name: String,
    /// An address of the service that its registration allows; `None` when it gave none.
    pub url: Option<String>,
}
