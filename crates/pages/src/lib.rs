//! Pages, emails and static assets: the only crate that knows handlebars.
//!
//! A [`View`] joins a data type and a template; [`Pages::respond`] renders it inside the layout
//! and answers with the security headers a page needs. The crates that show pages (`journey`,
//! `protocol`, `server`) hold the views; this crate holds those that belong to nobody else:
//! [`error_page`], [`information`] and [`dev_mailbox`]. All templates and assets are embedded by
//! `build.rs`, so that a running server reads no file.

pub mod assets;
pub mod dev_mailbox;
pub mod email;
pub mod error_page;
pub mod information;
pub mod samples;
mod settings;
mod shell;
mod templates;
mod view;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use handlebars::Handlebars;
use serde::Serialize;
use std::sync::Arc;

pub use email::{EmailContent, EmailView};
pub use error_page::ErrorPage;
pub use settings::{Brand, PagesSettings, Phase};
pub use shell::Shell;
pub use templates::{template_names, templates_used_by};
pub use view::{Field, FieldError, HiddenField, ServiceLink, View};

use settings::Site;
use shell::Navigation;

/// Renders pages and emails. Cheap to clone; one is made at start.
#[derive(Clone, Debug)]
pub struct Pages(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: PagesSettings,
    site: Site,
    html: Handlebars<'static>,
    text: Handlebars<'static>,
}

/// Why a page or an email could not be made. Always a fault of ours, never of the reader.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// An embedded template is not valid handlebars.
    #[error("template {name}: {fault}")]
    Template {
        /// The template's name, for example `journey/email`.
        name: &'static str,
        /// What handlebars says.
        fault: Box<handlebars::TemplateError>,
    },
    /// A template and its data do not fit: a misspelt or missing field.
    #[error("template {name}: {fault}")]
    Render {
        /// The template's name.
        name: &'static str,
        /// What handlebars says.
        fault: Box<handlebars::RenderError>,
    },
}

impl Pages {
    /// Registers every embedded template.
    ///
    /// # Errors
    ///
    /// [`PagesError::Template`] when a template is not valid.
    pub fn new(settings: PagesSettings) -> Result<Self, PagesError> {
        let site = Site::of(&settings);
        let (html, text) = templates::registries()?;
        Ok(Self(Arc::new(Inner {
            settings,
            site,
            html,
            text,
        })))
    }

    /// Answers with a whole page, its content security policy and `no-store`.
    ///
    /// A page that cannot be rendered is logged and becomes a plain page with status 500.
    #[must_use]
    pub fn respond<V: View>(&self, status: StatusCode, shell: &Shell, view: &V) -> HttpResponse {
        match self.render(shell, view) {
            Ok(html) => page_response(status, shell.content_security_policy().as_ref(), html),
            Err(fault) => {
                tracing::error!(%fault, "a page could not be rendered");
                page_response(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    Shell::default().content_security_policy().as_ref(),
                    UNRENDERED.to_owned(),
                )
            }
        }
    }

    /// The page's HTML, without a response around it.
    ///
    /// # Errors
    ///
    /// [`PagesError::Render`] when the template and the view do not fit.
    pub fn render<V: View>(&self, shell: &Shell, view: &V) -> Result<String, PagesError> {
        let Inner {
            site,
            html,
            settings,
            ..
        } = &*self.0;
        let content = render_with(html, V::TEMPLATE, &settings.around(view))?;
        let errors = view.errors();
        let layout = Layout {
            title: shell.title(&view.title(), !errors.is_empty(), &settings.product_name),
            errors,
            content,
            back_link: shell.back_link.as_deref(),
            navigation: shell.navigation(site.name_below_header()),
            site,
        };
        render_with(html, "layout", &layout)
    }

    /// What this deployment calls itself.
    #[must_use]
    pub fn product_name(&self) -> &str {
        &self.0.settings.product_name
    }

    pub(crate) fn settings(&self) -> &PagesSettings {
        &self.0.settings
    }

    pub(crate) fn html(&self) -> &Handlebars<'static> {
        &self.0.html
    }

    pub(crate) fn text(&self) -> &Handlebars<'static> {
        &self.0.text
    }
}

/// What `layout.hbs` is filled with.
#[derive(Serialize)]
struct Layout<'a> {
    title: String,
    errors: Vec<FieldError>,
    content: String,
    back_link: Option<&'a str>,
    navigation: Option<Navigation<'a>>,
    site: &'a Site,
}

fn render_with(
    registry: &Handlebars<'static>,
    name: &'static str,
    data: &impl Serialize,
) -> Result<String, PagesError> {
    registry
        .render(name, data)
        .map_err(|fault| PagesError::Render {
            name,
            fault: Box::new(fault),
        })
}

fn page_response(status: StatusCode, policy: &str, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html)
}

/// The last resort: needs no template and no stylesheet.
const UNRENDERED: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
    <title>There is a problem with the service</title></head>\n<body><main>\
    <h1>There is a problem with the service</h1><p>Try again later.</p></main></body>\n</html>\n";

#[cfg(test)]
mod tests;
