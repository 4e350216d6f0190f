//! What the operator decides about all pages, and what the layout needs of it.

use serde::Serialize;

use crate::assets;

/// Whose colours, fonts and header the pages wear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Brand {
    /// System fonts and a plain header; right for any host.
    #[default]
    Generic,
    /// The GOV.UK header, crown and GDS Transport, which are licensed for `gov.uk` hosts only.
    Govuk,
}

/// How far the service has come, shown in a banner below the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The first trials.
    Alpha,
    /// Used, and still being improved.
    Beta,
}

/// What the operator decides about all pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagesSettings {
    /// Whose colours, fonts and header.
    pub brand: Brand,
    /// What this service is called, for example `Get an identity`.
    pub product_name: String,
    /// Who runs it, for example `The Department for Education`; begins a sentence.
    pub organisation: String,
    /// Where people can ask for help; `None` leaves such sentences out.
    pub support_email: Option<String>,
    /// The phase banner; `None` shows none.
    pub phase: Option<Phase>,
    /// Where the phase banner asks for feedback.
    pub feedback_url: Option<String>,
}

impl Default for PagesSettings {
    fn default() -> Self {
        Self {
            brand: Brand::Generic,
            product_name: "Get an identity".to_owned(),
            organisation: "The organisation that runs this website".to_owned(),
            support_email: None,
            phase: None,
            feedback_url: None,
        }
    }
}

impl PagesSettings {
    /// The data of a view or an email and the words of the site that every template may use.
    pub(crate) fn around<'a, V: Serialize>(&'a self, view: &'a V) -> WithSettings<'a, V> {
        WithSettings {
            view,
            product_name: &self.product_name,
            organisation: &self.organisation,
            support_email: self.support_email.as_deref(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct WithSettings<'a, V: Serialize> {
    #[serde(flatten)]
    view: &'a V,
    product_name: &'a str,
    organisation: &'a str,
    support_email: Option<&'a str>,
}

/// What `layout.hbs` shows on every page of a deployment.
#[derive(Debug, Serialize)]
pub(crate) struct Site {
    product_name: String,
    theme_colour: &'static str,
    icon: String,
    stylesheet: String,
    start_script: String,
    main_script: String,
    govuk: Option<GovukSite>,
    phase: Option<PhaseBanner>,
}

#[derive(Debug, Serialize)]
struct GovukSite {
    icon: String,
    touch_icon: String,
    logo: &'static str,
}

#[derive(Debug, Serialize)]
struct PhaseBanner {
    name: &'static str,
    feedback_url: Option<String>,
}

impl Site {
    pub(crate) fn of(settings: &PagesSettings) -> Self {
        let (stylesheet, icon, theme_colour) = match settings.brand {
            Brand::Generic => ("generic.css", "favicon.svg", "#17375e"),
            Brand::Govuk => ("govuk.css", "images/favicon.svg", "#1d70b8"),
        };
        Self {
            product_name: settings.product_name.clone(),
            theme_colour,
            icon: assets::url(icon),
            stylesheet: assets::url(stylesheet),
            start_script: assets::url("start.js"),
            main_script: assets::url("main.js"),
            govuk: (settings.brand == Brand::Govuk).then(|| GovukSite {
                icon: assets::url("images/favicon.ico"),
                touch_icon: assets::url("images/govuk-icon-180.png"),
                logo: assets::govuk_logo(),
            }),
            phase: settings.phase.map(|phase| PhaseBanner {
                name: match phase {
                    Phase::Alpha => "Alpha",
                    Phase::Beta => "Beta",
                },
                feedback_url: settings.feedback_url.clone(),
            }),
        }
    }

    /// The GOV.UK header does not name the product.
    pub(crate) fn name_below_header(&self) -> Option<&str> {
        self.govuk.as_ref().map(|_| self.product_name.as_str())
    }
}
