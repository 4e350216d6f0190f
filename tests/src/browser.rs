//! A browser without JavaScript, in the words of the person who uses it.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::{COOKIE, HeaderName};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use crate::{Answer, ISSUER, Mailbox, Node, Wire};

/// Follows redirects, keeps cookies, and stops at the relying party.
#[derive(Clone, Debug)]
pub struct Browser {
    wire: Wire,
    /// The cookies by name.
    pub cookies: BTreeMap<String, String>,
    pages: Vec<Answer>,
    typed: BTreeMap<String, String>,
    landing: Option<Landing>,
    /// The paths that were asked, in order.
    pub trail: Vec<String>,
}

/// What arrives at the relying party.
#[derive(Clone, Debug)]
pub struct Landing {
    /// Where, without what came along.
    pub uri: String,
    /// How the parameters came.
    pub carrier: Carrier,
    /// What came along, in order.
    pub parameters: Vec<(String, String)>,
}

/// Where the parameters of an arrival are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In the query.
    Query,
    /// In the fragment.
    Fragment,
    /// In a posted form.
    Form,
}

impl Landing {
    /// A parameter's value, or nothing where it is absent.
    pub fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    fn of_redirect(url: &Url) -> Self {
        let mut uri = url.clone();
        let (carrier, encoded) = match url.fragment() {
            Some(fragment) => (Carrier::Fragment, fragment),
            None => (Carrier::Query, url.query().unwrap_or_default()),
        };
        match carrier {
            Carrier::Fragment => uri.set_fragment(None),
            _ => uri.set_query(None),
        }
        Self {
            uri: uri.into(),
            carrier,
            parameters: url::form_urlencoded::parse(encoded.as_bytes())
                .into_owned()
                .collect(),
        }
    }
}

impl Browser {
    /// A browser that nobody has used.
    pub fn new(wire: Wire) -> Self {
        Self {
            wire,
            cookies: BTreeMap::new(),
            pages: Vec::new(),
            typed: BTreeMap::new(),
            landing: None,
            trail: Vec::new(),
        }
    }

    /// Another tab: the same cookies as of now.
    pub fn new_tab(&self) -> Self {
        Self {
            cookies: self.cookies.clone(),
            ..Self::new(self.wire.clone())
        }
    }

    /// From now on its requests go to that node.
    pub fn moves_to(&self, node: &Node) {
        self.wire.move_to(node.address());
    }

    /// Opens an address, or a path of the provider.
    pub async fn open(&mut self, url: impl AsRef<str>) -> &mut Self {
        let url = Url::parse(ISSUER).unwrap().join(url.as_ref()).unwrap();
        self.visit(Method::GET, url, Vec::new()).await
    }

    /// Types into the input with that label, over whatever stands there.
    #[track_caller]
    pub fn fill(&mut self, label: &str, value: &str) -> &mut Self {
        let name = self.input(label).0;
        self.typed.insert(name, value.to_owned());
        self
    }

    /// Chooses the radio button, or ticks the box, with that label.
    #[track_caller]
    pub fn choose(&mut self, label: &str) -> &mut Self {
        let (name, value) = self.input(label);
        self.typed.insert(name, value);
        self
    }

    /// Chooses the radio button that stands first.
    #[track_caller]
    pub fn choose_first(&mut self) -> &mut Self {
        let html = self.html();
        let first = html.select(&css("input[type=radio]")).next();
        let Some(first) = first else {
            panic!("there is no radio button on: {}", self.text())
        };
        let attribute = |name| first.attr(name).unwrap_or_default().to_owned();
        let (name, value) = (attribute("name"), attribute("value"));
        self.typed.insert(name, value);
        self
    }

    /// Presses the button with those words.
    pub async fn press(&mut self, button: &str) -> &mut Self {
        let (method, url, form) = self.filled_form(button);
        self.visit(method, url, form).await
    }

    /// What pressing the button would send: method, address and form.
    #[track_caller]
    pub fn filled_form(&self, button: &str) -> (Method, Url, Vec<(String, String)>) {
        let html = self.html();
        let Some(pressed) = html
            .select(&css("button"))
            .find(|candidate| words(*candidate) == button)
        else {
            panic!("there is no button {button:?} on: {}", self.text())
        };
        let form = pressed
            .ancestors()
            .filter_map(ElementRef::wrap)
            .find(|ancestor| ancestor.value().name() == "form")
            .expect("a button stands in a form");
        let mut fields = Vec::new();
        for input in form.select(&css("input")) {
            let name = input.attr("name").unwrap().to_owned();
            let standing = input.attr("value").unwrap_or_default();
            let typed = self.typed.get(&name).map(String::as_str);
            let sent = match input.attr("type") {
                // Of its name, the chosen one alone.
                Some("radio" | "checkbox") => {
                    let is_chosen =
                        typed.map_or(input.attr("checked").is_some(), |typed| typed == standing);
                    is_chosen.then_some(standing)
                }
                _ => Some(typed.unwrap_or(standing)),
            };
            fields.extend(sent.map(|value| (name, value.to_owned())));
        }
        if let Some(name) = pressed.attr("name") {
            fields.push((
                name.to_owned(),
                pressed.attr("value").unwrap_or_default().to_owned(),
            ));
        }
        let page = &self.page().url;
        let url = form
            .attr("action")
            .map_or_else(|| page.clone(), |to| page.join(to).unwrap());
        let method = form.attr("method").unwrap_or("get").to_ascii_uppercase();
        (method.parse().unwrap(), url, fields)
    }

    /// Follows the link with those words.
    pub async fn follow(&mut self, link: &str) -> &mut Self {
        let href = {
            let html = self.html();
            let found = html
                .select(&css("a"))
                .find(|candidate| words(*candidate) == link);
            let Some(found) = found else {
                panic!("there is no link {link:?} on: {}", self.text())
            };
            self.page().url.join(found.attr("href").unwrap()).unwrap()
        };
        self.visit(Method::GET, href, Vec::new()).await
    }

    /// Goes back to the page before, as it was shown.
    pub fn back(&mut self) -> &mut Self {
        if self.landing.take().is_none() {
            self.pages.pop();
        }
        self.typed.clear();
        self
    }

    /// Asks for the shown page again.
    pub async fn reload(&mut self) -> &mut Self {
        let url = self.page().url.clone();
        self.visit(Method::GET, url, Vec::new()).await
    }

    /// Sends a form that a page of another site holds: a browser sends no `SameSite=Lax` cookie
    /// with it.
    pub async fn post_from_another_site(&mut self, url: &str, form: &[(&str, &str)]) -> &mut Self {
        let url = Url::parse(ISSUER).unwrap().join(url).unwrap();
        let kept = std::mem::take(&mut self.cookies);
        let answer = self.ask(Method::POST, &url, &owned(form)).await;
        self.cookies.extend(kept);
        self.settle(answer).await
    }

    /// Sends a form of our own site that need not be on the page.
    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> &mut Self {
        let url = Url::parse(ISSUER).unwrap().join(url).unwrap();
        self.visit(Method::POST, url, owned(form)).await
    }

    /// One request with this browser's cookies that leaves the shown page alone and follows
    /// nothing.
    pub async fn ask(&mut self, method: Method, url: &Url, form: &[(String, String)]) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let headers: Vec<(HeaderName, &str)> = if cookies.is_empty() {
            vec![]
        } else {
            vec![(COOKIE, &cookies)]
        };
        let is_post = method == Method::POST;
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer = self
            .wire
            .send(method, url.as_str(), &headers, is_post.then_some(&form))
            .await;
        self.trail.push(url.path().to_owned());
        self.keep_cookies(&answer);
        answer
    }

    async fn visit(&mut self, method: Method, url: Url, form: Vec<(String, String)>) -> &mut Self {
        self.typed.clear();
        if url.origin().ascii_serialization() != ISSUER {
            self.landing = Some(match method {
                Method::POST => Landing {
                    uri: url.into(),
                    carrier: Carrier::Form,
                    parameters: form,
                },
                _ => Landing::of_redirect(&url),
            });
            return self;
        }
        let answer = self.ask(method, &url, &form).await;
        self.settle(answer).await
    }

    async fn settle(&mut self, mut answer: Answer) -> &mut Self {
        self.landing = None;
        for _ in 0..10 {
            let Some(next) = answer.location() else {
                self.typed.clear();
                self.pages.push(answer);
                return self;
            };
            assert_eq!(
                answer.status.as_u16(),
                303,
                "redirects say which method follows"
            );
            if next.origin().ascii_serialization() != ISSUER {
                self.landing = Some(Landing::of_redirect(&next));
                return self;
            }
            answer = self.ask(Method::GET, &next, &[]).await;
        }
        panic!(
            "the provider sends the browser round in circles: {:?}",
            self.trail
        )
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.headers("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// What arrived at the relying party.
    #[track_caller]
    pub fn landed_on(&self) -> Landing {
        match &self.landing {
            Some(landing) => landing.clone(),
            None => panic!("the browser is still at the provider: {}", self.text()),
        }
    }

    /// Whether the browser has left the provider.
    pub fn has_landed(&self) -> bool {
        self.landing.is_some()
    }

    /// The page that is shown, as it came.
    #[track_caller]
    pub fn page(&self) -> &Answer {
        match &self.landing {
            None => self.pages.last().expect("a page is open"),
            Some(landing) => panic!("the browser has left for the relying party: {landing:?}"),
        }
    }

    /// The status of the page that is shown.
    #[track_caller]
    pub fn status(&self) -> u16 {
        self.page().status.as_u16()
    }

    /// The heading of the page that is shown.
    #[track_caller]
    pub fn heading(&self) -> String {
        self.html()
            .select(&css("h1"))
            .next()
            .map(words)
            .unwrap_or_default()
    }

    /// What the page says between header and footer.
    #[track_caller]
    pub fn text(&self) -> String {
        self.html()
            .select(&css("main"))
            .next()
            .map(words)
            .unwrap_or_default()
    }

    /// What the element with that id says.
    #[track_caller]
    pub fn text_of(&self, id: &str) -> String {
        let html = self.html();
        let Some(found) = html.select(&css(&format!("#{id}"))).next() else {
            panic!("nothing is called {id} on: {}", self.text())
        };
        words(found)
    }

    /// What the page says is wrong.
    #[track_caller]
    pub fn errors(&self) -> Vec<String> {
        self.html()
            .select(&css(".govuk-error-summary__list a"))
            .map(words)
            .collect()
    }

    /// The path of the page that is shown.
    #[track_caller]
    pub fn path(&self) -> &str {
        self.page().url.path()
    }

    /// What stands in the input with that label.
    #[track_caller]
    pub fn value_of(&self, label: &str) -> String {
        self.input(label).1
    }

    /// The words of every button, in order.
    #[track_caller]
    pub fn buttons(&self) -> Vec<String> {
        self.html().select(&css("button")).map(words).collect()
    }

    /// Signs in with a code from the email, as a person who knows how.
    pub async fn sign_in(&mut self, address: &str, mailbox: &Mailbox) -> Landing {
        self.fill("Email address", address).press("Continue").await;
        let code = mailbox.last_code_for(address).await;
        self.fill("Code", &code).press("Continue").await;
        if !self.has_landed() && self.heading() == "Account created" {
            self.press("Continue").await;
        }
        self.landed_on()
    }

    #[track_caller]
    fn html(&self) -> Html {
        Html::parse_document(&self.page().body)
    }

    #[track_caller]
    fn input(&self, label: &str) -> (String, String) {
        let html = self.html();
        let Some(found) = html
            .select(&css("label"))
            .find(|candidate| words(*candidate) == label)
        else {
            panic!("there is no input {label:?} on: {}", self.text())
        };
        let id = found.attr("for").unwrap();
        let input = html.select(&css(&format!("input#{id}"))).next().unwrap();
        let attribute = |name| input.attr(name).unwrap_or_default().to_owned();
        (attribute("name"), attribute("value"))
    }
}

fn owned(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}

/// The text of an element as a person reads it, white space folded.
fn words(element: ElementRef<'_>) -> String {
    element
        .text()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
