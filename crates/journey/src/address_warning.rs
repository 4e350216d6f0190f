//! A warning before a code goes to an address that its owner may lose or shares with others.

use pages::View;
use serde::Serialize;

/// Shown after the email page for a school or a shared address; never a hard block.
///
/// Posts `action`: `change-address`, `continue` (use this one anyway) or `cancel`.
#[derive(Debug, Serialize)]
pub struct AddressWarningPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The address as it was typed.
    pub address: String,
    kind: AddressKind,
    heading: &'static str,
}

/// Why an address deserves a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "AddressKindFlags")]
pub enum AddressKind {
    /// A school's or another employer's: lost when the person moves on.
    School,
    /// Read by several people, for example `office@` or `admin@`.
    Shared,
}

#[derive(Serialize)]
struct AddressKindFlags {
    school: bool,
    shared: bool,
}

impl From<AddressKind> for AddressKindFlags {
    fn from(kind: AddressKind) -> Self {
        Self {
            school: kind == AddressKind::School,
            shared: kind == AddressKind::Shared,
        }
    }
}

impl AddressWarningPage {
    /// The page for one address and what is doubtful about it.
    #[must_use]
    pub fn new(csrf: String, service_name: String, address: String, kind: AddressKind) -> Self {
        let heading = match kind {
            AddressKind::School => "Are you sure you want to use a work or school email address?",
            AddressKind::Shared => "Are you sure you want to use a shared email address?",
        };
        Self {
            csrf,
            service_name,
            address,
            kind,
            heading,
        }
    }
}

impl View for AddressWarningPage {
    const TEMPLATE: &'static str = "journey/address_warning";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        [
            ("ada.lovelace@st-marys.sch.uk", AddressKind::School),
            ("office@st-marys.example", AddressKind::Shared),
        ]
        .map(|(address, kind)| {
            Self::new(
                "csrf".to_owned(),
                "Apply for a qualification".to_owned(),
                address.to_owned(),
                kind,
            )
        })
        .into()
    }
}
