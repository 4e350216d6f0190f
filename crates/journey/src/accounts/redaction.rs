//! An address shown to somebody who has not proven that it is theirs: enough to recognise one's
//! own, too little to learn another's.

use model::EmailAddress;

/// What stands for everything hidden, however long it is.
const STARS: &str = "****";

/// Names below `.uk` under which organisations of one kind register, none of them a person's own.
const KINDS_BELOW_UK: [&str; 12] = [
    "ac", "co", "gov", "ltd", "me", "mod", "net", "nhs", "org", "plc", "police", "sch",
];

/// The address with nothing left but its first character and the kind of its host:
/// `jo.smith@education.gov.uk` is `j****@****.gov.uk`.
pub(crate) fn redacted(address: &EmailAddress) -> String {
    let (local, host) = address
        .as_typed()
        .rsplit_once('@')
        .unwrap_or((address.as_typed(), ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}{STARS}@{STARS}.{}", kind_of(host))
}

/// The end of a host that says no more than what kind of host it is; its first label is never in
/// it.
fn kind_of(host: &str) -> &str {
    let Some((rest, last)) = host.rsplit_once('.') else {
        return "";
    };
    match rest.rsplit_once('.') {
        Some((_, kind))
            if last.eq_ignore_ascii_case("uk")
                && KINDS_BELOW_UK
                    .iter()
                    .any(|known| kind.eq_ignore_ascii_case(known)) =>
        {
            host.get(host.len() - kind.len() - 1 - last.len()..)
                .unwrap_or(last)
        }
        _ => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> String {
        redacted(&EmailAddress::parse(address).unwrap())
    }

    #[test]
    fn only_the_first_character_and_the_kind_of_host_are_left() {
        for (address, shown) in [
            ("jo.smith@education.gov.uk", "j****@****.gov.uk"),
            ("JO@Oakwood.Leeds.SCH.UK", "J****@****.SCH.UK"),
            ("ada@example.com", "a****@****.com"),
            ("ada@mail.example.co.uk", "a****@****.co.uk"),
            ("ada@smith.me.uk", "a****@****.me.uk"),
            ("ada@example.com.au", "a****@****.au"),
            ("ada@smith.name", "a****@****.name"),
            ("9@example.test", "9****@****.test"),
        ] {
            assert_eq!(of(address), shown, "{address}");
        }
    }

    #[test]
    fn a_host_that_is_a_kind_itself_is_hidden_too() {
        assert_eq!(of("ada@gov.uk"), "a****@****.uk");
        assert_eq!(of("ada@smith.uk"), "a****@****.uk");
    }

    #[test]
    fn neither_length_nor_anything_between_shows() {
        let short = of("j@b.com");
        let long = of("jonathan.wilberforce+school@the-long-name-of-a-place.example.com");

        assert_eq!(short, long);
    }

    #[test]
    fn no_label_but_the_kind_of_host_shows_however_the_host_is_parted() {
        for host in ["smith.example", "smith.gov.example", "a.b.c.smith.org.uk"] {
            let shown = of(&format!("ada@{host}"));

            assert!(!shown.contains("smith"), "{shown}");
            assert!(!shown.contains("ada"), "{shown}");
        }
    }
}
