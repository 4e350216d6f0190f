//! `[brand]` and `[contact]`: what the pages are called, how they look and whom they name.

use chrono::NaiveDate;
use model::EmailAddress;
use pages::information::AccessibilityPage;
use pages::{Brand, PagesSettings, Phase};
use url::Url;

use super::section::Section;
use super::setting::Choice;

/// The look and the words of pages and mail.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// The look.
    pub brand: Brand,
    /// The product's name, on every page and as the sender of mail.
    pub product_name: String,
    /// What the phase banner says; none shows no banner.
    pub phase: Option<Phase>,
    /// Where the phase banner asks for feedback.
    pub feedback_url: Option<Url>,
    /// Who runs the provider and answers for personal data.
    pub organisation: String,
    /// Where people get help.
    pub support_email: EmailAddress,
    /// When they last read and confirmed the accessibility statement.
    pub accessibility_reviewed: Option<NaiveDate>,
}

impl Presentation {
    pub(crate) fn read(root: &mut Section<'_>) -> Option<Self> {
        let (organisation, support_email, accessibility_reviewed) =
            root.inside("contact", |section| {
                (
                    section.required("organisation"),
                    section.required("support_email"),
                    section.optional("accessibility_reviewed"),
                )
            });
        root.inside("brand", |section| {
            let brand = section.or("look", Brand::Generic);
            let product_name = section.or("product_name", "Get an identity".to_owned());
            let phase = section.optional("phase");
            let feedback_url = section.optional("feedback_url");
            Some(Self {
                brand,
                product_name,
                phase,
                feedback_url,
                organisation: organisation?,
                support_email: support_email?,
                accessibility_reviewed,
            })
        })
    }

    /// What the pages are made with.
    #[must_use]
    pub fn pages(&self) -> PagesSettings {
        PagesSettings {
            brand: self.brand,
            product_name: self.product_name.clone(),
            organisation: self.organisation.clone(),
            support_email: Some(self.support_email.as_typed().to_owned()),
            phase: self.phase,
            feedback_url: self.feedback_url.as_ref().map(Url::to_string),
        }
    }

    /// The statement, with its date as people write it.
    #[must_use]
    pub fn accessibility_page(&self) -> AccessibilityPage {
        let reviewed = self.accessibility_reviewed;
        AccessibilityPage {
            reviewed: reviewed.map(|date| date.format("%-d %B %Y").to_string()),
        }
    }
}

impl Choice for Brand {
    const ALL: &'static [(&'static str, Self)] =
        &[("generic", Self::Generic), ("govuk", Self::Govuk)];
}

impl Choice for Phase {
    const ALL: &'static [(&'static str, Self)] = &[("alpha", Self::Alpha), ("beta", Self::Beta)];
}
