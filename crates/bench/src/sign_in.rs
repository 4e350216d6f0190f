//! The journey of a person without a session: pages, forms, cookies and an emailed code.

use crate::fault::Fault;
use crate::http::{Answer, Connection};
use crate::mail::between;
use crate::second_factor;
use crate::site::{self, Client, Person, REDIRECT_URI, Site, headers, own_target};
use crate::teachers::Teacher;

/// Where the pages that ask for a second factor are.
const SECOND_FACTOR: &str = "/second-factor/";

/// A browser's cookies for the provider.
#[derive(Default)]
pub(crate) struct CookieJar(Vec<(String, String)>);

impl CookieJar {
    /// Keeps what an answer sets; a cookie that ends at once is removed.
    pub(crate) fn keep(&mut self, answer: &Answer<'_>) {
        for cookie in answer.headers("set-cookie") {
            let Some((name, rest)) = cookie.split_once('=') else {
                continue;
            };
            let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
            self.0.retain(|(kept, _)| kept != name);
            if !attributes.to_ascii_lowercase().contains("max-age=0") {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The value of the `Cookie` header.
    pub(crate) fn header(&self) -> String {
        let cookies: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        cookies.join("; ")
    }
}

/// A browser on its way through the pages.
pub(crate) struct Browser<'b> {
    http: &'b mut Connection,
    person: &'b Person,
    pub(crate) cookies: CookieJar,
}

impl<'b> Browser<'b> {
    /// A browser without cookies.
    pub(crate) fn new(http: &'b mut Connection, person: &'b Person) -> Self {
        Self {
            http,
            person,
            cookies: CookieJar::default(),
        }
    }

    /// Opens the authorization endpoint; where that leads.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it leads nowhere.
    pub(crate) async fn begin(&mut self, client: Client, more: &str) -> Result<String, Fault> {
        self.redirected(&site::authorization_request(client, more))
            .await
    }

    /// Answers every page, from the authorization request to the code at the service.
    ///
    /// # Errors
    ///
    /// [`Fault`] of the first step that went another way.
    pub(crate) async fn sign_in(
        &mut self,
        site: &Site,
        client: Client,
        more: &str,
    ) -> Result<String, Fault> {
        let location = self.begin(client, more).await?;
        let is_back = |location: &str| location.starts_with(REDIRECT_URI);
        site::code_in(&self.go_on(site, location, is_back).await?)
    }

    /// The same, as far as the pages that ask a person for their second factor; the page it leads
    /// to.
    ///
    /// # Errors
    ///
    /// [`Fault`] of the first step that went another way.
    pub(crate) async fn prove_address(
        &mut self,
        site: &Site,
        client: Client,
        more: &str,
    ) -> Result<String, Fault> {
        let location = self.begin(client, more).await?;
        let asks_for_factor = |location: &str| location.starts_with(SECOND_FACTOR);
        self.go_on(site, location, asks_for_factor).await
    }

    /// Answers page after page, until it is led where it wants to be.
    async fn go_on(
        &mut self,
        site: &Site,
        mut location: String,
        is_there: impl Fn(&str) -> bool,
    ) -> Result<String, Fault> {
        // Email, code, seven pages about the person, account created, resume, and one to spare.
        for _ in 0..12 {
            if is_there(&location) {
                return Ok(location);
            }
            let target = own_target(&location)?.to_owned();
            location = match target.split('?').next().unwrap_or_default() {
                "/sign-in/email" => {
                    self.submit(&target, &[("email", &self.person.email)])
                        .await?
                }
                "/sign-in/email-code" => {
                    let code = site.mailbox.take(&self.person.email).await?;
                    self.submit(&target, &[("code", &code)]).await?
                }
                "/second-factor/code" => {
                    let code = second_factor::code_of(&self.person.app);
                    self.submit(&target, &[("code", code.reveal())]).await?
                }
                "/sign-in/account-created" | "/details/check-answers" => {
                    self.submit(&target, &[]).await?
                }
                page if page.starts_with("/details/") => {
                    let answers = answers(page, &self.person.teacher);
                    self.submit(&target, &answers).await?
                }
                _ => self.redirected(&target).await?,
            };
        }
        Err(Fault::Elsewhere(location))
    }

    async fn redirected(&mut self, target: &str) -> Result<String, Fault> {
        let cookies = self.cookies.header();
        let answer = self
            .http
            .get(target, &headers(self.person, &cookies))
            .await?;
        self.cookies.keep(&answer);
        answer.see_other()
    }

    /// Reads a page, fills its form and presses Continue; where that leads.
    async fn submit(&mut self, target: &str, fields: &[(&str, &str)]) -> Result<String, Fault> {
        let csrf = self.token_of(target).await?;
        let mut form = vec![("csrf", csrf.as_str()), ("action", "continue")];
        form.extend_from_slice(fields);
        let cookies = self.cookies.header();
        let answer = self
            .http
            .post(target, &headers(self.person, &cookies), &form)
            .await?;
        self.cookies.keep(&answer);
        answer.see_other()
    }

    /// Reads a page; the token of its form.
    ///
    /// # Errors
    ///
    /// [`Fault`] when there is none.
    pub(crate) async fn token_of(&mut self, target: &str) -> Result<String, Fault> {
        let cookies = self.cookies.header();
        let page = self
            .http
            .get(target, &headers(self.person, &cookies))
            .await?
            .expect(200)?;
        self.cookies.keep(&page);
        let csrf = between(page.body, "name=\"csrf\" value=\"", "\"");
        csrf.map(str::to_owned)
            .ok_or(Fault::Content("a form with csrf"))
    }
}

/// What a teacher answers on a page; they are found by the third answer, the National Insurance
/// number.
fn answers<'t>(page: &str, teacher: &'t Teacher) -> Vec<(&'static str, &'t str)> {
    let [day, month, year] = &teacher.born;
    match page {
        "/details/name" => vec![
            ("first-name", teacher.first_name),
            ("last-name", &teacher.last_name),
        ],
        "/details/previous-names" => vec![("changed-name", "no")],
        "/details/preferred-name" => vec![("preferred-name", "first-last")],
        "/details/date-of-birth" => vec![
            ("date-of-birth-day", day),
            ("date-of-birth-month", month),
            ("date-of-birth-year", year),
        ],
        "/details/has-national-insurance-number" => vec![("has-national-insurance-number", "yes")],
        "/details/national-insurance-number" => {
            vec![(
                "national-insurance-number",
                &teacher.national_insurance_number,
            )]
        }
        _ => Vec::new(),
    }
}
