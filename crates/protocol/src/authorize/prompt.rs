//! What a client wants the person to be asked (OpenID Connect Core §3.1.2.1).

use crate::authorize::error::Refusal;

/// One value of `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Show no page.
    None,
    /// Authenticate again.
    Login,
    /// Ask what may be shared, again.
    Consent,
    /// Let the person choose the account.
    SelectAccount,
}

impl Prompt {
    /// Every value, in the order that discovery lists them.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// The values of a `prompt` parameter, in which `none` never has company.
pub(crate) struct Prompts(Vec<Prompt>);

impl Prompts {
    pub(crate) fn parse(value: Option<&str>) -> Result<Self, Refusal> {
        let words = value
            .unwrap_or_default()
            .split(' ')
            .filter(|word| !word.is_empty());
        let known = |word| {
            Prompt::ALL
                .into_iter()
                .find(|prompt| prompt.as_str() == word)
        };
        let prompts: Option<Vec<Prompt>> = words.map(known).collect();
        let prompts = prompts.ok_or_else(|| {
            Refusal::invalid_request(
                "The parameter prompt may hold none, login, consent and select_account.",
            )
        })?;
        if prompts.contains(&Prompt::None) && prompts.iter().any(|it| *it != Prompt::None) {
            return Err(Refusal::invalid_request(
                "prompt=none goes with no other value.",
            ));
        }
        Ok(Self(prompts))
    }

    pub(crate) fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }
}
