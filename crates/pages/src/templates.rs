//! The embedded templates and the registries that render them.

use std::collections::BTreeSet;
use std::path::Path;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext,
    RenderError, RenderErrorReason, Renderable, no_escape,
};

use crate::PagesError;

/// `(name, source)` of every file below `templates/`, in order of name.
static TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The name of every embedded template, for example `journey/email`.
pub fn template_names() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, _)| *name)
}

/// The template and every partial it draws in, directly or not.
#[must_use]
pub fn templates_used_by(name: &str) -> BTreeSet<&'static str> {
    let mut used = BTreeSet::new();
    let mut waiting = vec![name];
    while let Some(next) = waiting.pop() {
        let Some((name, source)) = TEMPLATES.iter().find(|(name, _)| *name == next) else {
            continue;
        };
        if used.insert(*name) {
            waiting.extend(partials_of(source));
        }
    }
    used
}

/// The partials that a template draws in by `{{> name}}`, or by `{{#> name}}` around a part of its
/// own.
fn partials_of(source: &str) -> impl Iterator<Item = &str> {
    let calls = source
        .split("{{")
        .filter_map(|call| call.strip_prefix("> ").or_else(|| call.strip_prefix("#> ")));
    calls.filter_map(|call| call.split([' ', '}']).next())
}

/// Two registries: `*.text` templates are plain text and escape nothing, all others are HTML.
pub(crate) fn registries() -> Result<(Handlebars<'static>, Handlebars<'static>), PagesError> {
    let mut html = strict_registry();
    let mut text = strict_registry();
    text.register_escape_fn(no_escape);
    for (name, source) in TEMPLATES {
        let registry = if Path::new(name)
            .extension()
            .is_some_and(|kind| kind == "text")
        {
            &mut text
        } else {
            &mut html
        };
        registry
            .register_template_string(name, source)
            .map_err(|fault| PagesError::Template {
                name,
                fault: Box::new(fault),
            })?;
    }
    Ok((html, text))
}

pub(crate) fn strict_registry() -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.set_prevent_indent(true);
    registry.register_helper("if", Box::new(StrictIf));
    registry
}

/// `{{#if}}` that refuses a field that does not exist: the library's own takes it for false,
/// also in strict mode.
struct StrictIf;

impl HelperDef for StrictIf {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render_context: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let condition = helper
            .param(0)
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("if", 0))?;
        if condition.is_value_missing() {
            return Err(RenderError::strict_error(condition.relative_path()));
        }
        let branch = if condition.value().is_truthy(false) {
            helper.template()
        } else {
            helper.inverse()
        };
        branch.map_or(Ok(()), |branch| {
            branch.render(registry, context, render_context, out)
        })
    }
}
