//! Renders the samples of views, for tests that check or photograph every page.

use crate::{EmailContent, EmailView, Pages, PagesError, Shell, View};

/// One sample of a view, rendered.
#[derive(Debug)]
pub struct RenderedSample {
    /// For a file name: `journey-email-2`.
    pub name: String,
    /// The view's template.
    pub template: &'static str,
    /// The view's own title, without the parts the layout adds.
    pub title: String,
    /// Whether the sample shows an error.
    pub has_errors: bool,
    /// The whole page.
    pub html: String,
}

/// Renders every sample of a view inside a service's sign-in.
///
/// # Errors
///
/// [`PagesError::Render`] for the first sample that does not fit its template.
pub fn rendered<V: View>(pages: &Pages) -> Result<Vec<RenderedSample>, PagesError> {
    let shell = Shell::for_service("Apply for a qualification");
    let number = |(index, view): (usize, V)| {
        Ok(RenderedSample {
            name: format!("{}-{}", V::TEMPLATE.replace('/', "-"), index + 1),
            template: V::TEMPLATE,
            title: view.title(),
            has_errors: !view.errors().is_empty(),
            html: pages.render(&shell, &view)?,
        })
    };
    V::samples().into_iter().enumerate().map(number).collect()
}

/// Renders every sample of a view and says what is wrong with the pages, as sentences; none when
/// all is well. Each page must have one `h1` with the words of its title, a title of its view
/// and service, and `Error: ` before the title exactly when it shows an error.
///
/// # Errors
///
/// [`PagesError::Render`] for the first sample that does not fit its template.
pub fn check_samples<V: View>(pages: &Pages) -> Result<Vec<String>, PagesError> {
    let samples = rendered::<V>(pages)?;
    let mut problems = Vec::new();
    if samples.is_empty() {
        problems.push(format!("{} has no samples", V::TEMPLATE));
    }
    for sample in &samples {
        problems.extend(
            problems_of(sample)
                .into_iter()
                .map(|problem| format!("{}: {problem}", sample.name)),
        );
    }
    Ok(problems)
}

/// Renders every sample of an email.
///
/// # Errors
///
/// [`PagesError::Render`] for the first sample that does not fit its templates.
pub fn rendered_emails<V: EmailView>(pages: &Pages) -> Result<Vec<EmailContent>, PagesError> {
    V::samples().iter().map(|view| pages.email(view)).collect()
}

fn problems_of(sample: &RenderedSample) -> Vec<String> {
    let mut problems = Vec::new();
    let headings: Vec<_> = texts_of(&sample.html, "h1").collect();
    let expected = handlebars::html_escape(&sample.title);
    if headings != [expected.as_str()] {
        problems.push(format!("its h1 is {headings:?}, its title {expected:?}"));
    }
    let prefix = if sample.has_errors { "Error: " } else { "" };
    let title = format!("{prefix}{expected} – Apply for a qualification");
    if texts_of(&sample.html, "title").next() != Some(title.as_str()) {
        problems.push(format!("its title is not {title:?}"));
    }
    if sample.html.contains("govuk-error-summary__title") != sample.has_errors {
        problems.push("its error summary and its errors disagree".to_owned());
    }
    problems
}

/// The text of every element of a kind that holds no other element.
fn texts_of<'a>(html: &'a str, element: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(&format!("</{element}>"))
        .filter_map(move |before| {
            let start = before.rfind(&format!("<{element}"))?;
            let (_, text) = before.get(start..)?.split_once('>')?;
            Some(text)
        })
        .collect::<Vec<_>>()
        .into_iter()
}
