//! What stands around a page: header, back link, title, and how far its forms may reach.

use std::borrow::Cow;

use serde::Serialize;

/// What one response decides about the layout around its page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shell {
    /// The service that asked; named below the header and in the title.
    pub service_name: Option<String>,
    /// Where Back goes: a URL of ours, computed from the journey's state.
    pub back_link: Option<String>,
    /// Origins beyond our own that a form on this page may post or be redirected to, for
    /// example `https://service.example`: browsers hold redirects after a form to the policy too.
    /// An item may be several of them, parted by spaces. Never what a client wrote.
    pub form_action: Vec<String>,
    /// Origins whose pages stand in frames on this page; none as a rule.
    pub frame_src: Vec<String>,
    /// Origins beyond our own that an image on this page comes from, for example
    /// `https://service.example`.
    pub images: Vec<String>,
    /// Whether to offer Sign out beside the service's name.
    pub signed_in: bool,
}

/// The bar below the header.
#[derive(Serialize)]
pub(crate) struct Navigation<'a> {
    name: Option<&'a str>,
    sign_out_url: Option<&'static str>,
}

impl Shell {
    /// The shell of a page within a sign-in to a service.
    #[must_use]
    pub fn for_service(name: impl Into<String>) -> Self {
        Self {
            service_name: Some(name.into()),
            ..Self::default()
        }
    }

    /// The `Content-Security-Policy` of the page (CSP Level 3).
    #[must_use]
    pub fn content_security_policy(&self) -> Cow<'static, str> {
        if self.form_action.is_empty() && self.frame_src.is_empty() && self.images.is_empty() {
            return Cow::Borrowed(POLICY);
        }
        let mut policy = POLICY.to_owned();
        let form_action = self.form_action.iter();
        add(&mut policy, form_action.flat_map(|item| item.split(' ')));
        if !self.frame_src.is_empty() {
            policy.push_str("; frame-src");
            add(&mut policy, self.frame_src.iter().map(String::as_str));
        }
        if self.images.is_empty() {
            return Cow::Owned(policy);
        }
        let mut images = OWN_IMAGES.to_owned();
        add(&mut images, self.images.iter().map(String::as_str));
        Cow::Owned(policy.replacen(OWN_IMAGES, &images, 1))
    }

    /// `own_name` stands where no service is named; `None` where the header has it already.
    pub(crate) fn navigation<'a>(&'a self, own_name: Option<&'a str>) -> Option<Navigation<'a>> {
        let name = self.service_name.as_deref().or(own_name);
        (name.is_some() || self.signed_in).then(|| Navigation {
            name,
            sign_out_url: self.signed_in.then_some("/end-session"),
        })
    }

    /// `Error: Check your email – Apply for a qualification`.
    pub(crate) fn title(&self, question: &str, has_errors: bool, product_name: &str) -> String {
        let prefix = if has_errors { "Error: " } else { "" };
        let place = self.service_name.as_deref().unwrap_or(product_name);
        format!("{prefix}{question} – {place}")
    }
}

/// Whether it can end neither its directive nor the policy.
fn is_one_source(origin: &&str) -> bool {
    origin
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b";,'".contains(&byte))
}

fn add<'a>(policy: &mut String, origins: impl Iterator<Item = &'a str>) {
    for origin in origins.filter(is_one_source) {
        policy.push(' ');
        policy.push_str(origin);
    }
}

/// Where images come from as a rule.
const OWN_IMAGES: &str = "img-src 'self' data:";

/// `form-action` stands last, so that origins can be added to it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'self'";
